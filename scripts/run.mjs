// Runs a script of package.json: node scripts/run.mjs [OPTIONS OF install.mjs] PROGRAM [ARGUMENTS]. PROGRAM is a TypeScript file of this
// project, or a program of an installed package. It first installs the packages that are missing, except to show a help.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installMissing, root } from './install.mjs';

const words = process.argv.slice(2);
const start = words.findIndex((word) => !/^--(omit|include)=/.test(word));
const [program, ...typed] = words.slice(start);
const isTypeScript = program.endsWith('.ts');
const args = isTypeScript ? typed.map((word) => (word === '-h' ? '--help' : word)) : typed;
const isHelp = args.includes('--help') || args.includes('-h');
const parentCheckMs = 500;

const isInstalled = (name) => existsSync(join(root, 'node_modules', name));

const run = async () => {
  const { programWords } = await import('./compile.mjs');
  const warn = (error) => {
    if (!isHelp)
      console.error(`Nothing is compiled, because of ${error}. A running lab starts what was compiled last.`);
  };
  const [command, ...first] = isTypeScript ? [process.execPath, ...(await programWords(program, warn))] : [program];
  const child = spawn(command, [...first, ...args], {
    // The --help of a command without all its packages is an error of Node, which is shown below in one sentence.
    stdio: ['inherit', 'inherit', isHelp ? 'pipe' : 'inherit'],
    shell: !isTypeScript && process.platform === 'win32',
  });
  let errors = '';
  if (child.stderr)
    child.stderr.on('data', (text) => {
      errors += text;
    });
  const forward = (signal) => child.kill(signal);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  // A signal for npm alone ends npm and its shell, but not this process, and the program would keep its ports.
  const parent = process.ppid;
  const parentCheck = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(parentCheck);
    forward('SIGTERM');
  }, parentCheckMs);
  child.once('error', ({ code, message }) => fail(code === 'ENOENT' ? notInstalled : message));
  child.once('close', (code, signal) => {
    clearInterval(parentCheck);
    for (const name of signals) process.removeListener(name, forward);
    if (errors.includes('ERR_MODULE_NOT_FOUND')) return fail(notInstalled);
    process.stderr.write(errors);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
};

const notInstalled = 'The packages of this command are not installed: run npm ci first.';
const fail = (message) => {
  console.error(message);
  process.exitCode = 1;
};

if (isHelp && !isInstalled('tsx')) fail(notInstalled);
else {
  process.exitCode = isHelp ? 0 : installMissing(words.slice(0, start));
  if (process.exitCode === 0) await run();
}
