import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createSerialQueue } from '../../packages/runtime/serial-queue.ts';
import { requireProgram } from './find-program.ts';
import type { Report } from './part.ts';
import { runCommand } from './run-command.ts';

export type GoProgram = {
  /** As in `github.com/dapr/dapr`. It is built in its own source folder, so its own go.mod and go.sum apply. */
  module: string;
  version: string;
  mainPackage: string;
  flags: string[];
  /** `module@version` pairs that replace versions of go.mod which the module proxy does not have. */
  moduleOverrides?: string[];
};

// One build keeps all cores busy.
const oneAtATime = createSerialQueue();

/** Builds a program from the Go module proxy into the file `target`. The first build takes 3 to 5 minutes on two cores. */
export const buildGoProgram = (program: GoProgram, target: string, report: Report): Promise<void> =>
  oneAtATime(() => build(program, target, report));

const build = async (program: GoProgram, target: string, report: Report): Promise<void> => {
  const go = await requireProgram('go', 'install Go 1.21 or later (https://go.dev/doc/install).');
  report(`fetching ${program.module} ${program.version} and its modules; the first build takes minutes`);
  const source = await download(go, program);
  await mkdir(dirname(target), { recursive: true });
  const workFolder = await mkdtemp(`${target}.unfinished.`);
  try {
    const modules = await overrideModules(go, program, source, workFolder);
    const built = join(workFolder, 'program');
    const buildArgs = [...modules, ...program.flags, program.mainPackage];
    // GOTOOLCHAIN=auto lets an older Go fetch the version that the module requires. Without cgo no C compiler is needed.
    // The user's own flags and workspace must not apply to this module.
    const env = { GOTOOLCHAIN: 'auto', CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
    const options = { cwd: source, env };
    const packages = await runCommand(go, ['list', '-deps', ...buildArgs], options);
    const total = packages.split('\n').filter((line) => !line.startsWith('go: ')).length;
    report(`compiling at most ${total} packages; Go reuses those in its build cache`);
    const onLine = countPackages(total, report);
    await runCommand('nice', [go, 'build', '-v', '-o', built, ...buildArgs], { ...options, onLine });
    await rename(built, target);
  } finally {
    await rm(workFolder, { recursive: true, force: true });
  }
};

/** Downloads the module. @returns its folder in Go's module cache, which Go has verified and keeps read-only */
const download = async (go: string, { module, version }: GoProgram): Promise<string> => {
  const output = await runCommand(go, ['mod', 'download', '-json', `${module}@${version}`]);
  return JSON.parse(output.slice(output.indexOf('{'))).Dir;
};

const overrideModules = async (
  go: string,
  { moduleOverrides = [] }: GoProgram,
  source: string,
  workFolder: string,
): Promise<string[]> => {
  if (moduleOverrides.length === 0) return [];
  const modules = join(workFolder, 'program.mod');
  await writeFile(modules, await readFile(join(source, 'go.mod')));
  await writeFile(join(workFolder, 'program.sum'), await readFile(join(source, 'go.sum')));
  await runCommand(go, ['mod', 'edit', ...moduleOverrides.map((pair) => `-require=${pair}`), modules]);
  return ['-mod=mod', `-modfile=${modules}`];
};

const countPackages = (total: number, report: Report) => {
  let compiled = 0;
  return (): void => {
    if (++compiled % 250 === 0) report(`${compiled} of ${total} packages compiled`);
  };
};
