import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';

const projectFolder = resolve(import.meta.dirname, '../..');
const startFolder = process.cwd();

/**
 * Makes the folder of the project the working folder, wherever the process was started: paths in variables are relative to it, because
 * .env and dapr.yaml hold them for all services and commands.
 */
export const enterProjectFolder = (): void => process.chdir(projectFolder);

/**
 * Resolves a path that the user typed as an argument, from the folder where the user typed it. npm runs a script in the folder of
 * the project and passes the folder of the user as INIT_CWD; without npm it is the working folder.
 * @param start the working folder at the start of the process
 * @returns the path as it was typed where it has the same meaning in the folder of the project
 */
export const resolveTypedPath = (
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  start = startFolder,
): string => {
  const isFromNpm = realpathSync(start) === realpathSync(projectFolder);
  const folder = (isFromNpm && env.INIT_CWD) || start;
  return resolve(folder, path) === resolve(projectFolder, path) ? path : resolve(folder, path);
};
