import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { ensureDaprd } from './daprd.ts';
import { findProgram, isExecutable } from './find-program.ts';
import { buildGoProgram } from './go-build.ts';
import { type Program, type Report, silent } from './part.ts';
import { runCommand } from './run-command.ts';
import { settings } from './settings.ts';

const version = '1.16.5';
const built = join(settings.cacheFolder, `dapr-cli-${version}`);

const find = async (): Promise<string | undefined> =>
  (await findProgram('dapr')) ?? ((await isExecutable(built)) ? built : undefined);

/** Builds the Dapr CLI unless it is installed. Run it with `prepareDaprCliEnvironment()`. @returns its path */
const ensureDaprCli = async (report: Report = silent): Promise<string> => {
  const found = await find();
  if (found) return found;
  await buildGoProgram(
    {
      module: 'github.com/dapr/cli',
      version: `v${version}`,
      mainPackage: '.',
      flags: ['-ldflags', `-s -w -X main.version=${version} -X main.apiVersion=1.0`],
      moduleOverrides: ['github.com/dapr/components-contrib@v1.16.5'],
    },
    built,
    report,
  );
  return built;
};

/** Replaces `dapr init` where it was never run: a folder with daprd and a configuration, and the variable that names it. @internal tests run the CLI with it */
export const prepareDaprCliEnvironment = async (report: Report = silent): Promise<Record<string, string>> => {
  if (await isExecutable(join(homedir(), '.dapr/bin/daprd'))) return {};
  const runtimeFolder = join(settings.cacheFolder, 'dapr-runtime');
  const programs = join(runtimeFolder, '.dapr/bin');
  await mkdir(programs, { recursive: true });
  const link = join(programs, 'daprd');
  await rm(link, { force: true });
  await symlink(await ensureDaprd(report), link);
  const configuration = 'apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: daprConfig\nspec: {}\n';
  await writeFile(join(runtimeFolder, '.dapr/config.yaml'), configuration);
  return { DAPR_RUNTIME_PATH: runtimeFolder };
};

export const daprCli: Program = {
  title: `Dapr CLI ${version}`,
  find,
  ensure: ensureDaprCli,
  version: async (path) => /CLI version: (\S+)/.exec(await runCommand(path, ['--version']))?.[1] ?? 'unknown',
};
