import { join } from 'node:path';
import { requireProgram } from '../../scripts/stack/find-program.ts';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { dataFolder, root } from '../platform-process.ts';
import { fetchPythonPackages } from '../python-packages.ts';

export type Program = { program: string; args: string[]; env: Record<string, string> };

const examples = join(root, 'examples');

/** Builds examples/subscribe-go. @throws Error with the remedy when Go is missing */
export const buildGoSubscriber = async (): Promise<Program> => {
  const go = await requireProgram('go', 'install Go 1.24 or later.');
  const program = join(dataFolder(), 'subscribe-go');
  await runCommand(go, ['build', '-C', join(examples, 'subscribe-go'), '-o', program, '.']);
  return { program, args: [], env: {} };
};

/** Fetches the packages of examples/subscribe-python. @throws Error with the remedy when Python is missing */
export const preparePythonSubscriber = async (): Promise<Program> => {
  const folder = join(examples, 'subscribe-python');
  const python = await fetchPythonPackages('subscribe-python', join(folder, 'requirements.txt'), console.log);
  return { ...python, args: [join(folder, 'main.py')] };
};
