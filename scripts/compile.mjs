// Compiles the programs of this project into few files, because loading hundreds of files costs most of the start of a command. Plain
// JavaScript, because it runs before a TypeScript file can.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
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

/** The compiled files have the absolute paths of their sources, so each place of the project has its own folder. */
const ownFolder = join(
  root,
  'node_modules/.cache/compiled',
  createHash('sha256').update(root).digest('hex').slice(0, 8),
);
const recordName = 'record.json';
/** A running process may load the files of an earlier compilation for this time. */
const keepMs = 7 * 24 * 3_600_000;

/** Changes when a file is written; undefined for a missing file. */
const stateOf = (path) => {
  const stat = statSync(join(root, path), { throwIfNoEntry: false });
  return stat && `${stat.mtimeMs} ${stat.size}`;
};

const readRecord = (folder) => {
  try {
    return JSON.parse(readFileSync(join(folder, recordName), 'utf8'));
  } catch {
    return {};
  }
};

const isCurrent = ({ inputs, entryPoints = [] }, wanted) =>
  inputs !== undefined &&
  entryPoints.join() === wanted.join() &&
  Object.entries(inputs).every(([path, state]) => stateOf(path) === state);

/** A compiled file is in another folder than its source, which finds its files relative to its own place. */
const createOriginalPlaces = (states) => ({
  name: 'original places',
  setup: (bundler) =>
    bundler.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      // Before it is read: a change during the compilation leads to another one.
      states.set(relative(root, path), stateOf(relative(root, path)));
      const contents = readFileSync(path, 'utf8')
        .replaceAll('import.meta.dirname', () => JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', () => JSON.stringify(pathToFileURL(path).href));
      return { loader: 'ts', contents };
    }),
});

const options = {
  absWorkingDir: root,
  outbase: root,
  bundle: true,
  splitting: true,
  keepNames: true,
  external,
  sourcemap: 'linked',
  sourcesContent: false,
  platform: 'node',
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node20',
  banner: {
    js: [
      "import { createRequire as __createRequire } from 'node:module';",
      // Packages in CommonJS load the modules of Node by `require`.
      'const require = __createRequire(import.meta.url);',
      // Stack traces name the lines of the sources.
      'process.setSourceMapsEnabled(true);',
    ].join(' '),
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
    const unfinished = join(folder, `${basename(path)}.${process.pid}`);
    writeFileSync(unfinished, contents);
    renameSync(unfinished, path);
  }
};

/** Removes files that were replaced long ago. The time of a file that is replaced now becomes the present. */
const removeOld = (folder, last, current) => {
  const now = new Date();
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (!stat?.isFile() || name === recordName || current.has(name)) continue;
    if (last.has(name)) utimesSync(path, now, now);
    else if (now - stat.mtimeMs > keepMs) rmSync(path, { force: true });
  }
};

/**
 * Compiles the programs into a folder, unless its files are current.
 * @returns the folder; it has a .js file for each program
 * @throws Error if the folder is not writable, and with `errors` if a file has an error
 */
export const compile = async (folder = ownFolder, entryPoints = programs) => {
  const record = readRecord(folder);
  if (isCurrent(record, entryPoints)) return folder;
  mkdirSync(folder, { recursive: true });
  const recordFile = join(folder, recordName);
  writeFileSync(recordFile, JSON.stringify({ files: record.files }));
  const { build } = await import('esbuild');
  const states = new Map();
  const plugins = [createOriginalPlaces(states)];
  const { outputFiles, metafile } = await build({ ...options, plugins, entryPoints, outdir: folder });
  const others = ['package.json', 'tsconfig.json', relative(root, import.meta.filename)];
  for (const path of [...Object.keys(metafile.inputs), ...others])
    if (!states.has(path)) states.set(path, stateOf(path));
  const files = outputFiles.map(({ path }) => basename(path));
  // Another process may have compiled meanwhile. Its files are overwritten, so its record must not count.
  writeFileSync(recordFile, JSON.stringify({ files }));
  writeAll(folder, outputFiles);
  removeOld(folder, new Set(record.files), new Set(files));
  writeFileSync(recordFile, JSON.stringify({ files, entryPoints, inputs: Object.fromEntries(states) }));
  return folder;
};

/**
 * Returns the arguments with which Node runs a program of this project: from its source where nothing can be compiled, because the
 * folder is read-only or a file has an error. `onError` gets the first error of a file.
 */
export const programWords = async (program, onError = () => {}) => {
  try {
    const folder = await compile();
    if (programs.includes(program)) return [relative('', join(folder, program.replace(/\.ts$/, '.js')))];
  } catch ({ errors = [] }) {
    for (const { text, location } of errors.slice(0, 1)) onError(`${location?.file}:${location?.line}: ${text}`);
  }
  return ['--import', 'tsx', program];
};
