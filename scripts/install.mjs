// Installs the packages that a command needs and that are missing. Plain JavaScript, because tsx is not installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const help = `Usage: node scripts/install.mjs [--omit=dev] [--include=peer]
Installs the packages of package-lock.json that are missing. Installed packages stay, because a running service may still load them.

Options
  --omit=dev      omits the packages that only tests need, and the peer dependencies of package.json, which tracing and
                  REDIS_URL need; these are installed nevertheless where REDIS_URL, OTEL_EXPORTER_OTLP_ENDPOINT,
                  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or ZIPKIN_URL is set
  --include=peer  installs the peer dependencies in any case
  --help          shows this text`;

const root = join(import.meta.dirname, '..');
const installedFile = 'node_modules/.package-lock.json';
const peerVariables = ['REDIS_URL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ZIPKIN_URL'];

const packagesOf = (file) =>
  existsSync(join(root, file)) ? JSON.parse(readFileSync(join(root, file), 'utf8')).packages : {};

const install = () => {
  const { '': _, ...locked } = packagesOf('package-lock.json');
  const installed = packagesOf(installedFile);
  const hasInstalled = (kind) => Object.values(installed).some((entry) => entry[kind]);
  const withDev = !process.argv.includes('--omit=dev') || hasInstalled('dev');
  const requiresPeers = withDev || process.argv.includes('--include=peer');
  const withPeers = requiresPeers || peerVariables.some((name) => process.env[name]) || hasInstalled('peer');

  // Optional packages may be for another operating system, so a missing one need not be installed.
  const isNeeded = ({ dev, peer, optional, devOptional }) =>
    !optional && !devOptional && (withDev || !dev) && (withPeers || !peer);
  const missing = Object.entries(locked).filter(
    ([path, entry]) => isNeeded(entry) && installed[path]?.version !== entry.version,
  );
  if (missing.length === 0) return;

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
  if (status === 0) return;
  // A service decides for itself what it does without a peer dependency: tracing is off, but REDIS_URL prevents the start.
  const canContinue = !requiresPeers && missing.every(([, { peer }]) => peer);
  if (canContinue)
    console.error('Continuing without the packages for tracing and REDIS_URL, which could not be installed.');
  else process.exitCode = status ?? 1;
};

if (process.argv.includes('--help')) console.log(help);
else install();
