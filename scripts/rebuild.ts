import { runCommand } from './command.ts';
import { rebuildView } from './rebuild/rebuild-view.ts';

runCommand(rebuildView);
