import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { help, type Options, readOptions, type ScenarioId } from './options.ts';
import { createPlan } from './plan.ts';
import { insertResults } from './report/document.ts';
import { drawPlot } from './report/plot.ts';
import { computeRatios } from './report/ratios.ts';
import { formatRows, isGoalReached } from './report/table.ts';
import type { Result } from './result.ts';
import type { Scenario } from './scenarios/scenario.ts';

const lineEveryMs = 2_000;
let printedAt = Number.NEGATIVE_INFINITY;

/** Prints progress to stderr: at a terminal it replaces its line, elsewhere it prints a line every 2 s. */
const progress = (text: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${text}`);
  else if (performance.now() - printedAt > lineEveryMs) {
    printedAt = performance.now();
    process.stderr.write(`${text}\n`);
  }
};

const loadScenarios = async (): Promise<Record<ScenarioId, Scenario>> => {
  const { redis20k, labSubscriberAlone, redisDistinct, mysql20k, mysqlDistinct } = await import(
    './scenarios/materialise.ts'
  );
  return {
    'redis-20k': redis20k,
    'lab-way': labSubscriberAlone,
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

const describeMachine = (): string =>
  `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}, Node ${process.versions.node}`;

const write = (results: readonly Result[], { quick, seed }: Options) => {
  const command = `npm run bench${quick ? ' -- --quick' : ''}${seed === 1 ? '' : `${quick ? '' : ' --'} --seed ${seed}`}`;
  const document = readFileSync('docs/performance.md', 'utf8');
  const circumstances = { date: new Date(), machine: describeMachine(), command };
  writeFileSync('docs/performance.md', insertResults(document, quick ? 'quick' : 'full', results, circumstances));
  const plotted = results.filter(({ unit }) => unit === 'events/s');
  if (!quick)
    writeFileSync('docs/performance.svg', drawPlot('Events per second into a view, median of the runs', plotted));
};

const bench = async (options: Options): Promise<void> => {
  const { removeEarlierRuns, startParts, stopParts } = await import('./stack/stack.ts');
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stopParts().finally(() => process.exit(1)));
  const began = performance.now();
  const failed: string[] = [];
  const results: Result[] = [];
  try {
    await removeEarlierRuns();
    await startParts(['kafka', 'redis', 'mysql'], progress);
    const scenarios = await loadScenarios();
    for (const id of options.only) {
      const about = (text: string) => progress(`${id}: ${text}`);
      const outcome = await scenarios[id](createPlan(options.quick, options.seed), about).catch(
        (error: Error) => error,
      );
      if (outcome instanceof Error) failed.push(`${id}: ${outcome.message}`);
      else results.push(...outcome);
    }
  } finally {
    await stopParts();
  }
  if (options.whole && failed.length === 0) write(results, options);
  console.error(`\ntook ${Math.round((performance.now() - began) / 1000)} s`);
  if (results.length > 0) console.log(formatTable(formatRows(results)));
  for (const failure of failed) console.error(`not measured: ${failure}`);
  if (failed.length > 0) process.exitCode = 1;
  const missed = results
    .filter((result) => isGoalReached(result) === false)
    .map(({ scenario, id }) => `${scenario}/${id}`);
  console.log(JSON.stringify({ ratios: computeRatios(results), missed, failed: failed.length, seed: options.seed }));
};

const main = async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else await bench(options);
};

await runMain(main);
process.exit();
