import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const help = `Usage: npm test [-- OPTIONS AND FILTERS OF VITEST]
Runs all tests, in two processes of vitest at the same time: tests that need the stack (Kafka, Redis, MariaDB, Dapr) wait most of
their time. With an option or a filter it is a single run of vitest.

Options
  --help  shows this text

Examples
  npm test
  npm test -- crm/customers
  npm test -- --project e2e tests/lab.e2e.test.ts

Exit codes
  0  all tests passed
  1  a test failed, or a run ended before all its tests`;

const counts = ['passed', 'failed', 'skipped'] as const;
const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

const startVitest = (args: readonly string[], output: 'inherit' | 'pipe'): ChildProcess => {
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    stdio: [output === 'inherit' ? 'inherit' : 'ignore', output, output],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return child;
};

type Outcome = { readonly ok: boolean; readonly numbers: readonly number[] };

/** A run without the closing line has failed even with exit code 0, because the number of its tests is unknown. */
const runProjects = (name: string, projects: readonly string[]): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let numbers: number[] | undefined;
    const child = startVitest(
      projects.map((project) => `--project=${project}`),
      'pipe',
    );
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          const closing = closingLine.exec(line);
          if (closing) numbers = closing.slice(1).map(Number);
          else process.stdout.write(`${name} | ${line}\n`);
        });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (!numbers) process.stdout.write(`${name} | ended by ${signal ?? `exit code ${code}`} before all its tests\n`);
      resolve({ ok: code === 0 && numbers !== undefined, numbers: numbers ?? [] });
    });
  });

const runBoth = async () => {
  const runs = await Promise.all([runProjects('fast', ['fast', 'integration']), runProjects('e2e', ['e2e'])]);
  const sums = counts.map((_, i) => runs.reduce((sum, { numbers }) => sum + (numbers[i] ?? 0), 0));
  process.stdout.write(`${counts.map((name, i) => `${sums[i]} ${name}`).join(', ')}\n`);
  process.exitCode = runs.every(({ ok }) => ok) ? 0 : 1;
};

const args = process.argv.slice(2);
if (args.includes('--help')) process.stdout.write(`${help}\n`);
else if (args.length === 0) await runBoth();
else
  startVitest(args, 'inherit').once('close', (code) => {
    process.exitCode = code ?? 1;
  });
