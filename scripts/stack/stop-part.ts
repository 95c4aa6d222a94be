import { findOwnedProcess, stopProcess } from './owned-process.ts';
import { type Report, silent } from './part.ts';
import { type PartName, parts } from './parts.ts';
import { partFolder } from './settings.ts';

/** Stops the part if `startPart` started it, and resolves when it has ended. A server of another origin keeps running. */
export const stopPart = async (name: PartName, report: Report = silent): Promise<void> => {
  const folder = partFolder(name);
  const owned = findOwnedProcess(folder);
  if (owned) {
    await stopProcess(folder, owned, 20);
    report('stopped');
  } else
    report((await parts[name].probe()) ? 'was not started by npm run stack, so it keeps running' : 'is not running');
};
