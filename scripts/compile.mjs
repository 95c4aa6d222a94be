// Compiles the programs of this project into few files, because loading hundreds of files costs most of the start of a command. Plain
// JavaScript, because it runs before a TypeScript file can.
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './install.mjs';

const { scripts, peerDependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** The services, and the programs of the npm scripts. */
export const programs = [
  ...['crm', 'iot-platform', 'customer-view'].map((service) => `${service}/main.ts`),
  ...Object.values(scripts).flatMap((line) => /\S+\.ts$/.exec(line) ?? []),
];

/** Packages that load files of their own folder, or that may be missing. */
const external = [
  ...['esbuild', 'libsql', 'pino', 'pino-pretty', 'swagger-ui-dist', 'tsx'],
  ...Object.keys(peerDependencies),
  ...Object.keys(devDependencies),
];

/** A process that has started may still load the files of an earlier compilation for this time. */
const keepMs = 7 * 24 * 3_600_000;
const recordName = 'inputs.json';

/** Changes when a file is written; undefined for a missing file. */
const stateOf = (path) => {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  return stat && `${stat.mtimeMs} ${stat.size}`;
};

const isCurrent = (folder, entryPoints) => {
  try {
    const { inputs, ...record } = JSON.parse(readFileSync(join(folder, recordName), 'utf8'));
    // The files have the absolute paths of their sources.
    const isSame = record.root === root && JSON.stringify(record.entryPoints) === JSON.stringify(entryPoints);
    return isSame && Object.entries(inputs).every(([path, state]) => stateOf(path) === state);
  } catch {
    return false;
  }
};

/** A compiled file is in another folder than its sources, which find their files relative to their own place. */
const originalPlaces = {
  name: 'original places',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => ({
      loader: 'ts',
      contents: readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
    })),
};

const options = {
  absWorkingDir: root,
  outbase: root,
  bundle: true,
  splitting: true,
  keepNames: true,
  external,
  plugins: [originalPlaces],
  sourcemap: 'linked',
  sourcesContent: false,
  platform: 'node',
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node20',
  // Packages in CommonJS load the modules of Node by `require`.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
  logLevel: 'silent',
  write: false,
  metafile: true,
};

/** Other processes may load the files meanwhile. The programs, in folders of their own, come after the files that they load. */
const writeAll = (folder, outputFiles) => {
  const isProgram = ({ path }) => dirname(path) !== folder;
  for (const { path, contents } of [...outputFiles].sort((a, b) => isProgram(a) - isProgram(b))) {
    mkdirSync(dirname(path), { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, contents);
    renameSync(unfinished, path);
  }
};

const removeOld = (folder, outputFiles) => {
  const current = new Set(outputFiles.map(({ path }) => path));
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() && name !== recordName && !current.has(path) && Date.now() - stat.mtimeMs > keepMs)
      unlinkSync(path);
  }
};

/**
 * Compiles the programs into a folder, unless its files are current.
 * @returns the folder; it has a .js file for each program
 * @throws Error if the folder is not writable or a file has an error
 */
export const compile = async (folder = join(root, 'node_modules/.cache/compiled'), entryPoints = programs) => {
  if (isCurrent(folder, entryPoints)) return folder;
  mkdirSync(folder, { recursive: true });
  const record = join(folder, recordName);
  writeFileSync(record, '{}');
  const began = Date.now();
  const { build } = await import('esbuild');
  const { outputFiles, metafile } = await build({ ...options, entryPoints, outdir: folder });
  writeAll(folder, outputFiles);
  removeOld(folder, outputFiles);
  const paths = [...Object.keys(metafile.inputs), relative(root, import.meta.filename)];
  const changed = Math.max(
    ...paths.map((path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? began),
  );
  // What was changed meanwhile may not be compiled.
  if (changed < began) {
    const inputs = Object.fromEntries(paths.map((path) => [path, stateOf(path)]));
    writeFileSync(record, JSON.stringify({ root, entryPoints, inputs }));
  }
  return folder;
};

/** Returns the arguments with which Node runs a program of this project. It runs from its sources where it cannot be compiled. */
export const programWords = async (program) => {
  try {
    const folder = await compile();
    if (programs.includes(program)) return ['--enable-source-maps', join(folder, program.replace(/\.ts$/, '.js'))];
  } catch {
    // A read-only folder, or an error that the sources show as well.
  }
  return ['--import', 'tsx', program];
};
