import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../scripts/stack/find-program.ts';
import { runCommand } from '../scripts/stack/run-command.ts';
import { settings } from '../scripts/stack/settings.ts';

export type Python = { program: string; env: Record<string, string> };

/**
 * Fetches packages from PyPI into the cache folder, once.
 * @param name what the packages are for; with a digest of `requirements` it names the folder, so that changed versions are fetched
 * @param requirements the file with the versions of all packages
 * @returns the Python that has them
 * @throws Error with the remedy when Python is missing
 */
export const fetchPythonPackages = async (
  name: string,
  requirements: string,
  report: (line: string) => void,
): Promise<Python> => {
  const python = await requireProgram('python3', 'install Python 3.11 or later, with pip.');
  const version = await runCommand(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(settings.cacheFolder, `${name}-${digest}-python-${version}`);
  if (!(await exists(folder))) {
    report(`fetching the packages of ${name} from PyPI`);
    // The folder gets its final name when it is complete, so an interrupted download is never used.
    const unfinished = `${folder}.${process.pid}.unfinished`;
    const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'];
    try {
      await runCommand(python, ['-m', 'pip', 'install', ...options, '--target', unfinished, '-r', requirements]);
      await rename(unfinished, folder).catch(async (error) => {
        if (!(await exists(folder))) throw error; // another process was faster
      });
    } finally {
      await rm(unfinished, { recursive: true, force: true });
    }
  }
  return { program: python, env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' } };
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
