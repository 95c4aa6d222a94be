import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { folderVariable, root } from './platform-process.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
const programs = [
  ...['crm', 'iot-platform', 'customer-view'].map((service) => `./${service}/main.ts`),
  './tests/*-until-killed.ts',
  './tests/endless-close.ts',
  ...Object.values(scripts).flatMap((line) => /\S+\.ts$/.exec(line) ?? []),
];

/** A bundle is in another folder than its modules, which find their files relative to their own place. */
const originalPlaces: Plugin = {
  name: 'original places',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    })),
};

/** Compiles the programs that the tests start in processes, because loading hundreds of TypeScript files costs half of a start. */
export default async () => {
  mkdirSync(join(root, '.data'), { recursive: true });
  const folder = mkdtempSync(join(root, '.data/compiled-'));
  await build({
    absWorkingDir: root,
    entryPoints: programs,
    outdir: folder,
    outbase: '.',
    bundle: true,
    splitting: true,
    keepNames: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'warning',
    plugins: [originalPlaces],
  });
  process.env[folderVariable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
};
