import { runCommand } from './command.ts';

runCommand(async () => (await import('./explain/explain-key.ts')).explainKey);
