import { runCommand } from './command.ts';
import { showStatus } from './status/show-status.ts';

runCommand(showStatus);
