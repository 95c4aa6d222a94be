import { runCommand } from './command.ts';
import { explainKey } from './explain/explain-key.ts';

runCommand(explainKey);
