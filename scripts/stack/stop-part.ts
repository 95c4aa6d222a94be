import { ownedProcess, stopProcess } from './owned-process.ts';
import { type Say, silent } from './part.ts';
import { type PartName, parts } from './parts.ts';
import { partFolder } from './settings.ts';

/** Stops the part if we started it, and resolves when it is gone. What others started is left alone. */
export const stopPart = async (name: PartName, say: Say = silent): Promise<void> => {
  const folder = partFolder(name);
  const owned = ownedProcess(folder);
  if (owned) {
    await stopProcess(folder, owned, 20);
    say('stopped');
  } else say((await parts[name].probe()) ? 'was started elsewhere; left alone' : 'is not running');
};
