import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const help = `Usage: npm test -- [options and filters of vitest]
Runs every test, in two runs beside each other: those that need the stack wait more than they compute.
With a filter or an option it is one plain run of vitest.`;

const counts = ['passed', 'failed', 'skipped'] as const;
const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

const vitest = (args: readonly string[]) => ['node_modules/vitest/vitest.mjs', 'run', ...args];

/** @returns the counts of its closing line; undefined when it ended without one, or with an error */
const runProjects = (name: string, projects: readonly string[]): Promise<{ ok: boolean; numbers: number[] }> =>
  new Promise((resolve) => {
    let numbers = counts.map(() => 0);
    const args = vitest(projects.map((project) => `--project=${project}`));
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      createInterface({ input: stream }).on('line', (line) => {
        const closing = closingLine.exec(line);
        if (closing) numbers = closing.slice(1).map(Number);
        else process.stdout.write(`${name} | ${line}\n`);
      });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
    child.once('close', (code) => resolve({ ok: code === 0, numbers }));
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
  spawn(process.execPath, vitest(args), { stdio: 'inherit' }).once('close', (code) => {
    process.exitCode = code ?? 1;
  });
