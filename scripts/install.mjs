// Installs the packages when they are missing or older than package-lock.json. Plain JavaScript, because tsx is not installed yet.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

const help = `Usage: node scripts/install.mjs [--omit=dev]
Installs the packages of package-lock.json unless they are installed already.

Options
  --omit=dev  installs only the packages that the services need
  --help      shows this text`;

const root = join(import.meta.dirname, '..');
const onlyToRun = process.argv.includes('--omit=dev');
const modified = (path) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
const installed = modified('node_modules/.package-lock.json');
const complete = onlyToRun || modified('node_modules/vitest') > 0;

if (process.argv.includes('--help')) console.log(help);
else if (installed < modified('package-lock.json') || !complete) {
  console.log('Installing packages (once) …');
  const options = [
    '--no-audit',
    '--no-fund',
    '--ignore-scripts',
    '--loglevel=error',
    ...(onlyToRun ? ['--omit=dev'] : []),
  ];
  const { status } = spawnSync('npm', ['ci', ...options], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  process.exit(status ?? 1);
}
