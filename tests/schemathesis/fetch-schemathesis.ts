import { readFileSync } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../../scripts/stack/find-program.ts';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { settings } from '../../scripts/stack/settings.ts';

const requirements = join(import.meta.dirname, 'requirements.txt');

export type Program = { program: string; args: string[]; env: Record<string, string> };

/**
 * Fetches schemathesis and its dependencies, at the versions of requirements.txt, from PyPI into the cache folder, once.
 * @returns the command that runs it
 * @throws Error with the remedy when Python is missing
 */
export const fetchSchemathesis = async (report: (line: string) => void): Promise<Program> => {
  const python = await requireProgram('python3', 'install Python 3.10 or later, with pip.');
  const version = await runCommand(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const [, release] = /^schemathesis==(.+)$/m.exec(readFileSync(requirements, 'utf8')) ?? [];
  const folder = join(settings.cacheFolder, `schemathesis-${release}-python-${version}`);
  if (!(await exists(folder))) {
    report(`fetching schemathesis ${release} from PyPI`);
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
  const run = 'import sys; from schemathesis.cli import schemathesis; sys.exit(schemathesis())';
  return { program: python, args: ['-c', run], env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' } };
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
