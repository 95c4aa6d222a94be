import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Searches PATH, then the folders of Debian's servers and of `dapr init`.
 * @param names alternatives; an earlier one is preferred
 */
export const findProgram = async (...names: string[]): Promise<string | undefined> => {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  const folders = [...onPath, '/usr/local/sbin', '/usr/sbin', join(homedir(), '.dapr/bin')];
  for (const path of names.flatMap((name) => folders.map((folder) => join(folder, name)))) {
    if (await isExecutable(path)) return path;
  }
  return undefined;
};

export const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** Finds a program that this project neither fetches nor installs. @throws Error with the remedy when it is missing */
export const requireProgram = async (name: string, remedy: string): Promise<string> => {
  const path = await findProgram(name);
  if (!path) throw new Error(`${name} is not on PATH: ${remedy}`);
  return path;
};
