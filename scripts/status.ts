import { runCommand } from './command.ts';

runCommand(async () => (await import('./status/show-status.ts')).showStatus);
