// Installs the packages that a command needs and that are missing. Plain JavaScript that Node 16 can run: tsx is not installed yet, and an
// older Node has to be told apart.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const help = `Usage: node scripts/install.mjs [--omit=dev] [--include=peer]
Installs the packages of package-lock.json that are missing. Installed packages stay, because a running service may still load them.

Options
  --omit=dev      omits the packages that only tests need, and the peer dependencies of package.json, which tracing and
                  REDIS_URL need; these are installed nevertheless where REDIS_URL, OTEL_EXPORTER_OTLP_ENDPOINT,
                  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or ZIPKIN_URL is set
  --include=peer  installs the peer dependencies in any case
  --help          shows this text`;

/** The folder of the project. */
export const root = join(fileURLToPath(import.meta.url), '../..');
const installedFile = 'node_modules/.package-lock.json';
const peerVariables = ['REDIS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ZIPKIN_URL'];

const readJson = (file) => (existsSync(join(root, file)) ? JSON.parse(readFileSync(join(root, file), 'utf8')) : {});
const packagesOf = (file) => readJson(file).packages || {};

/** Ends the process with one sentence if Node is older than `engines` of package.json allows. */
const checkNode = () => {
  const { engines = {} } = readJson('package.json');
  const [, major = 0, minor = 0] = /^>=(\d+)\.(\d+)$/.exec(engines.node || '') || [];
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === Number(major) && ownMinor >= minor)) return;
  console.error(`Node ${process.versions.node} is too old for this project: install Node ${major}.${minor} or newer.`);
  process.exit(1);
};
checkNode();

/**
 * Finds what a command needs and what of it is not installed.
 * @param options --omit=dev and --include=peer, as in the help
 */
const findMissing = (options) => {
  const { '': _, ...locked } = packagesOf('package-lock.json');
  const installed = packagesOf(installedFile);
  const hasInstalled = (kind) => Object.values(installed).some((entry) => entry[kind]);
  const withDev = !options.includes('--omit=dev') || hasInstalled('dev');
  const requiresPeers = withDev || options.includes('--include=peer');
  const withPeers = requiresPeers || peerVariables.some((name) => process.env[name]) || hasInstalled('peer');

  // Optional packages may be for another operating system, so a missing one need not be installed.
  const isNeeded = ({ dev, peer, optional, devOptional }) =>
    !optional && !devOptional && (withDev || !dev) && (withPeers || !peer);
  const missing = Object.entries(locked).filter(([path, entry]) => {
    const { version } = installed[path] || {};
    return isNeeded(entry) && version !== entry.version;
  });
  return { missing, withDev, requiresPeers, withPeers };
};

/** Installs what is missing. @returns the exit code of npm; 0 if nothing is missing, or if the command runs without it */
export const installMissing = (options) => {
  const { missing, withDev, requiresPeers, withPeers } = findMissing(options);
  if (missing.length === 0) return 0;

  console.log('Installing packages (once) …');
  // npm ci would first remove node_modules, from which a running service may still load files.
  const command = existsSync(join(root, installedFile)) ? ['install', '--no-save'] : ['ci'];
  const kinds = [withDev ? '--include=dev' : '--omit=dev', withPeers ? '--include=peer' : '--omit=peer'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', [...command, ...kinds, '--ignore-scripts', ...quiet], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) return 0;
  // A service decides for itself what it does without a peer dependency: tracing is off, but REDIS_URL prevents the start.
  const canContinue = !requiresPeers && missing.every(([, { peer }]) => peer);
  if (!canContinue) return status || 1;
  console.error('Continuing without the packages for tracing and REDIS_URL, which could not be installed.');
  return 0;
};

if (realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  if (process.argv.includes('--help')) console.log(help);
  else process.exitCode = installMissing(process.argv.slice(2));
}
