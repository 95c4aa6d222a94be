import { join } from 'node:path';
import { findProgram, isExecutable } from './find-program.ts';
import { buildGoProgram } from './go-build.ts';
import { type Program, type Report, silent } from './part.ts';
import { runCommand } from './run-command.ts';
import { settings } from './settings.ts';

const version = '1.18.2';
const built = join(settings.cacheFolder, `daprd-${version}`);

const find = async (): Promise<string | undefined> =>
  (await findProgram('daprd')) ?? ((await isExecutable(built)) ? built : undefined);

/** Builds daprd unless it is installed. @returns its path */
export const ensureDaprd = async (report: Report = silent): Promise<string> => {
  const found = await find();
  if (found) return found;
  const flags = ['-tags', 'stablecomponents', '-ldflags'];
  const linkerFlags = `-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=${version}`;
  await buildGoProgram(
    {
      module: 'github.com/dapr/dapr',
      version: `v${version}`,
      mainPackage: './cmd/daprd',
      flags: [...flags, linkerFlags],
    },
    built,
    report,
  );
  return built;
};

export const daprd: Program = {
  title: `Dapr sidecar ${version}`,
  find,
  ensure: ensureDaprd,
  version: async (path) => (await runCommand(path, ['--version'])).trim(),
};
