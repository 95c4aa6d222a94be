// Installs the packages that a command needs and that are missing. Plain JavaScript, because tsx is not installed yet.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const help = `Usage: node scripts/install.mjs [--omit=dev] [--tracing]
Installs the packages of package-lock.json that are missing. Installed packages stay, because a running service may still load them.

Options
  --omit=dev  installs only the packages that the services need, and those for tracing where OTEL_EXPORTER_OTLP_ENDPOINT,
              OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or ZIPKIN_URL is set
  --tracing   installs the packages for tracing in any case
  --help      shows this text`;

const root = join(import.meta.dirname, '..');
const installedFile = 'node_modules/.package-lock.json';
const tracingVariables = ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'ZIPKIN_URL'];

const packagesOf = (file) =>
  existsSync(join(root, file)) ? JSON.parse(readFileSync(join(root, file), 'utf8')).packages : {};

const install = () => {
  const { '': _, ...locked } = packagesOf('package-lock.json');
  const installed = packagesOf(installedFile);
  const hasInstalled = (kind) => Object.keys(installed).some((path) => locked[path]?.[kind]);
  const withDev = !process.argv.includes('--omit=dev') || hasInstalled('dev');
  const wantsTracing = process.argv.includes('--tracing') || tracingVariables.some((name) => process.env[name]);
  const withTracing = withDev || wantsTracing || hasInstalled('peer');

  // Optional packages may be for another operating system, so a missing one need not be installed.
  const isNeeded = ({ dev, peer, optional, devOptional }) =>
    !optional && !devOptional && (withDev || !dev) && (withTracing || !peer);
  const missing = Object.entries(locked).filter(
    ([path, entry]) => isNeeded(entry) && installed[path]?.version !== entry.version,
  );
  if (missing.length === 0) return;

  console.log('Installing packages (once) …');
  // npm ci would first remove node_modules, from which a running service may still load files.
  const command = existsSync(join(root, installedFile)) ? ['install', '--no-save'] : ['ci'];
  // Only the tracing packages are peer dependencies, so that npm can leave them out.
  const kinds = [withDev ? '--include=dev' : '--omit=dev', withTracing ? '--include=peer' : '--omit=peer'];
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', [...command, ...kinds, '--ignore-scripts', ...quiet], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status === 0) return;
  const runsWithout = !withDev && missing.every(([, { peer }]) => peer);
  if (runsWithout) console.error('The tracing packages could not be installed: the services run without tracing.');
  else process.exitCode = status ?? 1;
};

if (process.argv.includes('--help')) console.log(help);
else install();
