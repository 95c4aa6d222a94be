import { runCommand } from './command.ts';

runCommand(async () => (await import('./rebuild/rebuild-view.ts')).rebuildView);
