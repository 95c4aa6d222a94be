import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { requireProgram } from '../../scripts/stack/find-program.ts';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { settings } from '../../scripts/stack/settings.ts';
import { dataFolder, root } from '../platform-process.ts';

export type Program = { program: string; args: string[]; env: Record<string, string> };

const examples = join(root, 'examples');

/** Builds examples/subscribe-go. @throws Error with the remedy when Go is missing */
export const buildGoSubscriber = async (): Promise<Program> => {
  const go = await requireProgram('go', 'install Go 1.24 or later.');
  const program = join(dataFolder(), 'subscribe-go');
  await runCommand(go, ['build', '-C', join(examples, 'subscribe-go'), '-o', program, '.']);
  return { program, args: [], env: {} };
};

/**
 * Fetches the packages of examples/subscribe-python from PyPI into the cache folder, once.
 * @throws Error with the remedy when Python is missing
 */
export const preparePythonSubscriber = async (): Promise<Program> => {
  const python = await requireProgram('python3', 'install Python 3.11 or later, with pip.');
  const requirements = join(examples, 'subscribe-python/requirements.txt');
  const version = await runCommand(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const digest = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const folder = join(settings.cacheFolder, `subscribe-python-${digest}-python-${version}`);
  if (!(await exists(folder))) {
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
  const env = { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: '1' };
  return { program: python, args: [join(examples, 'subscribe-python/main.py')], env };
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
