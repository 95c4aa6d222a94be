import { access, constants } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Looks on PATH, then where Debian keeps servers and where `dapr init` keeps its programs; the first name goes first. */
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

/** For what we neither fetch nor install: says what is missing and how it is had. */
export const requireProgram = async (name: string, remedy: string): Promise<string> => {
  const path = await findProgram(name);
  if (!path) throw new Error(`${name} is not on PATH: ${remedy}`);
  return path;
};
