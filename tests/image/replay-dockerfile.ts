import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { parseDockerfile, parseDockerignore } from './dockerfile.ts';

const execute = promisify(execFile);

/** The user `node` exists in the image only. */
const needsUser = /^chown node /;

/**
 * Executes the Dockerfile of a folder as `docker build` would, without a container: the folder `image` is the root of its files.
 * @returns the folder of the last WORKDIR, and the steps that were skipped because the machine has no user `node`
 */
export const replayDockerfile = async (
  context: string,
  image: string,
): Promise<{ workdir: string; skipped: string[] }> => {
  const isIgnored = parseDockerignore(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const skipped: string[] = [];
  let workdir = image;
  for (const instruction of parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'))) {
    if (instruction.name === 'WORKDIR') {
      workdir = join(image, instruction.value);
      mkdirSync(workdir, { recursive: true });
    } else if (instruction.name === 'COPY') {
      for (const source of instruction.sources) {
        const from = join(context, source);
        // COPY copies the contents of a folder; a file keeps its name when the target is a folder.
        const keepsName = instruction.target.endsWith('/') && !statSync(from).isDirectory();
        const to = join(workdir, instruction.target, keepsName ? basename(source) : '');
        cpSync(from, to, { recursive: true, filter: (path) => !isIgnored(relative(context, path)) });
      }
    } else if (instruction.name === 'RUN') {
      const steps = instruction.value.split(' && ');
      skipped.push(...steps.filter((step) => needsUser.test(step)));
      const command = steps.filter((step) => !needsUser.test(step)).join(' && ');
      await execute('sh', ['-euc', command], { cwd: workdir, env: outsideNpm() });
    } else if (instruction.name === 'USER') skipped.push(`USER ${instruction.value}`);
  }
  return { workdir, skipped };
};

/** The environment without the variables of `npm test`, which would make npm use the folder of the tests. */
const outsideNpm = () => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_(package|lifecycle)_|npm_config_local_prefix$|INIT_CWD$|NODE_ENV$)/.test(name),
    ),
  ),
  npm_config_prefer_offline: 'true',
});
