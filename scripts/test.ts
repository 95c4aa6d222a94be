import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

const help = `Usage: npm test -- [--also-on=PATH]... | [options and filters of vitest]
Runs every test, in two lanes in parallel: the tests that need the stack wait more than they compute.
The fast tests measure their coverage.
  --also-on=PATH  runs the fast tests on this Node, too
With a filter or another option it is one plain run of vitest.`;

const counts = ['passed', 'failed', 'skipped'] as const;
const closingLine = /^(\d+) passed, (\d+) failed, (\d+) skipped$/;

const startVitest = (node: string, args: readonly string[], output: 'inherit' | 'pipe'): ChildProcess => {
  const child = spawn(node, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    stdio: [output === 'inherit' ? 'inherit' : 'ignore', output, output],
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return child;
};

type Outcome = { readonly ok: boolean; readonly numbers: readonly number[] };

/** A run that ends without its closing line has failed, whatever its exit code: how many tests it ran is not known. */
const runTests = (name: string, args: readonly string[], node = process.execPath): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    let numbers: number[] | undefined;
    const child = startVitest(node, args, 'pipe');
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

/** Counts failures only: the run on our own Node has counted these tests already. */
const runOnOtherNode = async (node: string): Promise<Outcome> => {
  const version = spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim();
  if (!version) throw new Error(`${node} is not a Node that runs here`);
  const { ok, numbers } = await runTests(version, ['--project=fast'], node);
  return { ok, numbers: [0, numbers[1] ?? 0, 0] };
};

const runLane = async (otherNodes: readonly string[]): Promise<Outcome[]> => {
  const outcomes = [await runTests('fast', ['--project=fast', '--coverage'])];
  outcomes.push(await runTests('integration', ['--project=integration']));
  for (const node of otherNodes) outcomes.push(await runOnOtherNode(node));
  return outcomes;
};

const runAll = async (otherNodes: readonly string[]) => {
  const runs = (await Promise.all([runLane(otherNodes), runTests('e2e', ['--project=e2e'])])).flat();
  const sums = counts.map((_, i) => runs.reduce((sum, { numbers }) => sum + (numbers[i] ?? 0), 0));
  process.stdout.write(`${counts.map((name, i) => `${sums[i]} ${name}`).join(', ')}\n`);
  process.exitCode = runs.every(({ ok }) => ok) ? 0 : 1;
};

const alsoOn = '--also-on=';
const args = process.argv.slice(2);
if (args.includes('--help')) process.stdout.write(`${help}\n`);
else if (args.every((arg) => arg.startsWith(alsoOn))) await runAll(args.map((arg) => arg.slice(alsoOn.length)));
else
  startVitest(process.execPath, args, 'inherit').once('close', (code) => {
    process.exitCode = code ?? 1;
  });
