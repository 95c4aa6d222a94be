import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { inTurn } from '../../packages/runtime/in-turn.ts';
import { requireProgram } from './find-program.ts';
import type { Say } from './part.ts';
import { runCommand } from './run-command.ts';

export type GoProgram = {
  /** As in `github.com/dapr/dapr`; built from its own source, with its own go.mod, replacements and sums. */
  module: string;
  version: string;
  mainPackage: string;
  flags: string[];
  /** `module@version` pairs where its go.mod names a version that cannot be had everywhere. */
  corrections?: string[];
};

// A build keeps every core busy by itself.
const afterOthers = inTurn();

/** Builds a program from the Go module proxy into the file `target`: three to five minutes cold on two cores. */
export const buildGoProgram = (program: GoProgram, target: string, say: Say): Promise<void> =>
  afterOthers(() => build(program, target, say));

const build = async (program: GoProgram, target: string, say: Say): Promise<void> => {
  const go = await requireProgram('go', 'install Go 1.21 or later (https://go.dev/doc/install).');
  say(`fetching ${program.module} ${program.version} and its modules; the first build takes minutes`);
  const source = await download(go, program);
  await mkdir(dirname(target), { recursive: true });
  const workFolder = await mkdtemp(`${target}.unfinished.`);
  try {
    const modules = await correctModules(go, program, source, workFolder);
    const built = join(workFolder, 'program');
    const what = [...modules, ...program.flags, program.mainPackage];
    // GOTOOLCHAIN lets an older Go fetch the one that the module asks for; without cgo no C compiler is needed;
    // the user's own flags and workspace are for his modules, not for this one.
    const env = { GOTOOLCHAIN: 'auto', CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    const options = { cwd: source, env };
    const packages = await runCommand(go, ['list', '-deps', ...what], options);
    const total = packages.split('\n').filter((line) => !line.startsWith('go: ')).length;
    say(`compiling ${total} packages, less those that Go has compiled before`);
    const onLine = countTo(total, say);
    await runCommand('nice', [go, 'build', '-v', '-o', built, ...what], { ...options, onLine });
    await rename(built, target);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
};

/** The folder of the module's source in Go's module cache, which Go has verified and keeps read-only. */
const download = async (go: string, { module, version }: GoProgram): Promise<string> => {
  const answer = await runCommand(go, ['mod', 'download', '-json', `${module}@${version}`]);
  return JSON.parse(answer.slice(answer.indexOf('{'))).Dir;
};

const correctModules = async (
  go: string,
  { corrections = [] }: GoProgram,
  source: string,
  workFolder: string,
): Promise<string[]> => {
  if (corrections.length === 0) return [];
  const modules = join(workFolder, 'program.mod');
  await writeFile(modules, await readFile(join(source, 'go.mod')));
  await writeFile(join(workFolder, 'program.sum'), await readFile(join(source, 'go.sum')));
  await runCommand(go, ['mod', 'edit', ...corrections.map((pair) => `-require=${pair}`), modules]);
  return ['-mod=mod', `-modfile=${modules}`];
};

const countTo = (total: number, say: Say) => {
  let compiled = 0;
  return (): void => {
    if (++compiled % 250 === 0) say(`${compiled} of ${total} packages compiled`);
  };
};
