import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const help = `Usage: npm test [-- --also-on=NODE... | -- OPTIONS AND FILTERS OF VITEST]
Runs all tests: those that need the stack (Kafka, Redis, MariaDB, Dapr) at the same time as the others. The fast tests measure coverage.
With an option or a filter of vitest it is one run of vitest.

Options
  --also-on=NODE  runs the fast tests of the code that depends on Node on this executable as well; may be repeated
  --help          shows this text

Examples
  npm test
  npm test -- crm/customers
  npm test -- --project e2e tests/lab.e2e.test.ts

Exit codes
  0  all tests passed
  1  a test failed, or a run ended before all its tests`;

const counts = ['passed', 'failed', 'skipped'] as const;
const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

const startVitest = (args: readonly string[], output: 'inherit' | 'pipe', node = process.execPath): ChildProcess => {
  const child = spawn(node, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    stdio: [output === 'inherit' ? 'inherit' : 'ignore', output, output],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return child;
};

type Outcome = { readonly ok: boolean; readonly numbers: readonly number[]; readonly failures: readonly string[] };

/** A run without the closing line has failed even with exit code 0, because the number of its tests is unknown. */
const runTests = (name: string, args: readonly string[], node?: string): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let numbers: number[] | undefined;
    const failures: string[] = [];
    const child = startVitest(args, 'pipe', node);
    for (const stream of [child.stdout, child.stderr])
      if (stream)
        createInterface({ input: stream }).on('line', (line) => {
          const closing = closingLine.exec(line);
          if (closing) numbers = closing.slice(1).map(Number);
          else if (line.startsWith('failed: ')) failures.push(`${name} | ${line}`);
          else process.stdout.write(`${name} | ${line}\n`);
        });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (!numbers) failures.push(`${name} | ended by ${signal ?? `exit code ${code}`} before all its tests`);
      resolve({ ok: code === 0 && numbers !== undefined, numbers: numbers ?? [], failures });
    });
  });

type OtherNode = { readonly path: string; readonly version: string };

const findOtherNode = (path: string): OtherNode => {
  const version = spawnSync(path, ['--print', 'process.version'], { encoding: 'utf8' }).stdout?.trim();
  if (!version?.startsWith('v')) throw new Error(`${path} is no Node that runs on this machine.`);
  return { path, version };
};

/** The folders whose code depends on the version of Node: servers, streams, files, threads, cryptography and SQLite. */
const dependOnNode = [
  ...['csv', 'dapr', 'database', 'embedded', 'grpc', 'http', 'kafka', 'runtime'].map((name) => `packages/${name}/`),
  ...['database', 'imports/receive', 'cli'].map((name) => `crm/${name}/`),
];

/** Counts failures only, because the run on our own Node has counted the same tests. */
const runOnOtherNode = async ({ path, version }: OtherNode): Promise<Outcome> => {
  const outcome = await runTests(version, ['--project=fast', ...dependOnNode], path);
  return { ...outcome, numbers: [0, outcome.numbers[1] ?? 0, 0] };
};

const runOneAfterAnother = async (runs: readonly (() => Promise<Outcome>)[]): Promise<Outcome[]> => {
  const outcomes: Outcome[] = [];
  for (const run of runs) outcomes.push(await run());
  return outcomes;
};

const runAll = async (otherNodes: readonly OtherNode[]) => {
  // More lanes would be no faster: two use all processors of a small machine.
  const lanes = [
    [
      () => runTests('fast', ['--project=fast', '--coverage']),
      () => runTests('integration', ['--project=integration']),
      ...otherNodes.map((node) => () => runOnOtherNode(node)),
    ],
    [() => runTests('e2e', ['--project=e2e'])],
  ];
  const runs = (await Promise.all(lanes.map(runOneAfterAnother))).flat();
  for (const failure of runs.flatMap(({ failures }) => failures)) process.stdout.write(`${failure}\n`);
  const sums = counts.map((_, i) => runs.reduce((sum, { numbers }) => sum + (numbers[i] ?? 0), 0));
  process.stdout.write(`${counts.map((name, i) => `${sums[i]} ${name}`).join(', ')}\n`);
  process.exitCode = runs.every(({ ok }) => ok) ? 0 : 1;
};

/** Without its reader, as in `npm test | head`, a run ends, because no one sees its outcome. */
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
  // As a signal, which also ends the runs of vitest.
  process.emit('SIGTERM');
  if (code !== 'EPIPE') process.stderr.write(`The output cannot be written: ${code}\n`);
  process.exit(1);
});

const alsoOn = '--also-on=';
const args = process.argv.slice(2);
if (args.includes('--help')) process.stdout.write(`${help}\n`);
else if (args.every((arg) => arg.startsWith(alsoOn)))
  await runAll(args.map((arg) => findOtherNode(arg.slice(alsoOn.length))));
else
  startVitest(args, 'inherit').once('close', (code) => {
    process.exitCode = code ?? 1;
  });
