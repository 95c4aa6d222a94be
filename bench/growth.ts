import { parseOptions } from '../packages/cli/options.ts';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import type { Measured, Point } from './capacity/measured.ts';
import { measureFilling, measurePoint } from './growth/measure-point.ts';
import { createPlan, type Plan } from './growth/plan.ts';
import { disableAppendOnlyFile, readRedisMemory } from './growth/prefill.ts';
import { describeConstants, describeWork, formatPoints, writeReport } from './growth/report.ts';
import { median } from './measure/statistics.ts';
import { describeMachine } from './report/machine.ts';
import { measureLogBytes } from './stack/log.ts';
import { removeEarlierRuns, startParts, stopParts } from './stack/stack.ts';
import { emptyRedis } from './stack/stores.ts';

const help = `Usage: npm run bench:growth -- [OPTIONS]
Measures how the cost of an event grows with the number of connections and of instances.

It runs on a stack of its own and writes the table and the plot of docs/performance.md, and bench/capacity/measured.json, from which
npm run capacity calculates. With 10,000,000 connections it needs 8 GB of memory. Run nothing else meanwhile.

Options
  --quick         at most 1,000,000 connections and fewer changes, about 5 minutes (default: about 10 minutes)
  --help          shows this text

Environment
  BENCH_PORTS     base of the ports of the stack (default: 25000)

Examples
  npm run bench:growth
  npm run bench:growth -- --quick

Exit codes
  0  all sizes are measured
  1  a measurement failed`;

const progress = (text: string) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
};

/** Measures the sizes in turns, so that changes of the machine's speed affect all of them. */
const measure = async ({
  sizes,
  changes,
  filled,
  rounds,
}: Plan): Promise<Omit<Measured, 'date' | 'machine' | 'command'>> => {
  await emptyRedis();
  await disableAppendOnlyFile();
  const emptyBytes = await readRedisMemory();
  const runs: Point[][] = sizes.map(() => []);
  const filling: { fill: number; rebuild: number }[] = [];
  let bytesPerEvent = 0;
  for (let round = 1; round <= rounds; round++) {
    for (const [i, size] of sizes.entries()) {
      const about = `round ${round} of ${rounds}: ${size.keys} connections, ${size.instances} instances`;
      console.error(`\n${about}`);
      runs[i]?.push(await measurePoint(size, changes, (text) => progress(`${about}: ${text}`)));
    }
    console.error(`\nround ${round} of ${rounds}: an empty view`);
    filling.push(await measureFilling(filled, progress));
    bytesPerEvent = (await measureLogBytes()) / filled;
  }
  const points = runs.map((several) => typicalOf(several));
  const largest = points.reduce((one, other) => (other.keys > one.keys ? other : one));
  const rate = (of: 'fill' | 'rebuild') => ({ events: filled, eventsPerSecond: median(filling.map((one) => one[of])) });
  const bytesPerKey = ((largest.megabytes.redis ?? 0) * 2 ** 20 - emptyBytes) / largest.keys;
  return { changes, rounds, points, fill: rate('fill'), rebuild: rate('rebuild'), bytesPerKey, bytesPerEvent };
};

/** The slower of the middle runs, so that no figure is better than measured. */
const typicalOf = (points: readonly Point[]): Point => {
  const sorted = [...points].sort((one, other) => one.eventsPerSecond - other.eventsPerSecond);
  return sorted[Math.floor((sorted.length - 1) / 2)] as Point;
};

const main = async () => {
  const { values } = parseOptions('npm run bench:growth', {
    options: { quick: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(help);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void removeEarlierRuns().finally(() => process.exit(1)));
  const began = performance.now();
  try {
    await removeEarlierRuns();
    await startParts(['kafka', 'redis'], progress);
    const found = await measure(createPlan(values.quick));
    const command = `npm run bench:growth${values.quick ? ' -- --quick' : ''}`;
    const measured = { date: new Date().toISOString().slice(0, 10), machine: describeMachine(), command, ...found };
    console.log(
      `${describeWork(measured)}\n\n${formatTable(formatPoints(measured.points))}\n\n${describeConstants(measured)}`,
    );
    writeReport(measured);
  } finally {
    await stopParts();
    await removeEarlierRuns();
  }
  console.error(`took ${Math.round((performance.now() - began) / 1000)} s`);
};

await runMain(main);
process.exit();
