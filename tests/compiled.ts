import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { folderVariable, root } from './platform-process.ts';

const { scripts, peerDependencies, devDependencies } = JSON.parse(
  readFileSync(join(root, 'package.json'), 'utf8'),
) as Record<'scripts' | 'peerDependencies' | 'devDependencies', Record<string, string>>;
const programs = [
  ...['crm', 'iot-platform', 'customer-view'].map((service) => `./${service}/main.ts`),
  './tests/*-until-killed.ts',
  './tests/endless-close.ts',
  ...Object.values(scripts).flatMap((line) => /\S+\.ts$/.exec(line) ?? []),
];

/** Packages that load files of their own folder, that tests replace or remove, or that few programs load. */
const external = [
  ...['libsql', 'pino', 'pino-pretty', 'swagger-ui-dist', 'esbuild', 'tsx', ...Object.keys(peerDependencies)],
  ...Object.keys(devDependencies),
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

/** Compiles the programs that the tests start in processes, because loading hundreds of files costs most of a start. */
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
    external,
    platform: 'node',
    mainFields: ['module', 'main'],
    format: 'esm',
    // Bundled packages in CommonJS load the modules of Node by `require`.
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
    },
    target: 'node20',
    logLevel: 'warning',
    plugins: [originalPlaces],
  });
  process.env[folderVariable] = folder;
  return () => rmSync(folder, { recursive: true, force: true });
};
