import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { formatTable } from '../packages/cli/table.ts';
import { help, type Options, readOptions, type ScenarioId } from './options.ts';
import { planOf } from './plan.ts';
import { withResults } from './report/document.ts';
import { plot } from './report/plot.ts';
import { ratiosOf } from './report/ratios.ts';
import { isReached, rows } from './report/table.ts';
import type { Result } from './result.ts';
import type { Scenario } from './scenarios/scenario.ts';

const lineEveryMs = 2_000;
let saidAt = Number.NEGATIVE_INFINITY;

/** Replaces its line at a terminal; elsewhere a line now and then. */
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (performance.now() - saidAt > lineEveryMs) {
    saidAt = performance.now();
    process.stderr.write(`${text}\n`);
  }
};

const loadScenarios = async (): Promise<Record<ScenarioId, Scenario>> => {
  const { redis20k, labWayAlone, redisDistinct, mysql20k, mysqlDistinct } = await import('./scenarios/materialise.ts');
  return {
    'redis-20k': redis20k,
    'lab-way': labWayAlone,
    'redis-distinct': redisDistinct,
    'mysql-20k': mysql20k,
    'mysql-distinct': mysqlDistinct,
    limits: (await import('./scenarios/limits.ts')).limits,
    visible: (await import('./scenarios/visible.ts')).visible,
    query: (await import('./scenarios/query.ts')).query,
    takeover: (await import('./scenarios/takeover.ts')).takeover,
    memory: (await import('./scenarios/memory.ts')).memory,
  };
};

const machine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}`;

const write = (results: readonly Result[], { quick, seed }: Options) => {
  const command = `npm run bench${quick ? ' -- --quick' : ''}${seed === 1 ? '' : `${quick ? '' : ' --'} --seed ${seed}`}`;
  const document = readFileSync('docs/performance.md', 'utf8');
  const circumstances = { date: new Date(), machine: machine(), command };
  writeFileSync('docs/performance.md', withResults(document, quick ? 'quick' : 'full', results, circumstances));
  const plotted = results.filter(({ unit }) => unit === 'events/s');
  if (!quick) writeFileSync('docs/performance.svg', plot('Events a second into a view, median of the passes', plotted));
};

const bench = async (options: Options): Promise<void> => {
  const { forgetEarlierRuns, startParts, stopParts } = await import('./stack/stack.ts');
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stopParts().finally(() => process.exit(1)));
  const began = performance.now();
  const failed: string[] = [];
  const results: Result[] = [];
  try {
    await forgetEarlierRuns();
    await startParts(['kafka', 'redis', 'mysql'], progress);
    const scenarios = await loadScenarios();
    for (const id of options.only) {
      const about = (text: string) => progress(`${id}: ${text}`);
      const outcome = await scenarios[id](planOf(options.quick, options.seed), about).catch((error: Error) => error);
      if (outcome instanceof Error) failed.push(`${id}: ${outcome.message}`);
      else results.push(...outcome);
    }
  } finally {
    await stopParts();
  }
  if (options.whole && failed.length === 0) write(results, options);
  console.error(`\ntook ${Math.round((performance.now() - began) / 1000)} s`);
  if (results.length > 0) console.log(formatTable(rows(results)));
  for (const failure of failed) console.error(`not measured: ${failure}`);
  if (failed.length > 0) process.exitCode = 1;
  const missed = results.filter((result) => isReached(result) === false).map(({ scenario, id }) => `${scenario}/${id}`);
  console.log(JSON.stringify({ ratios: ratiosOf(results), missed, failed: failed.length, seed: options.seed }));
};

const main = async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else await bench(options);
};

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
process.exit();
