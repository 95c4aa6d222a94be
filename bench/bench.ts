import { readFileSync, writeFileSync } from 'node:fs';
import { runMain } from '../packages/cli/run-main.ts';
import { formatTable } from '../packages/cli/table.ts';
import { median } from './measure/statistics.ts';
import { help, type Options, readOptions, type ScenarioId } from './options.ts';
import { createPlan } from './plan.ts';
import { insertResults } from './report/document.ts';
import { describeMachine } from './report/machine.ts';
import { barOf, drawPlot } from './report/plot.ts';
import { computeRatios } from './report/ratios.ts';
import { formatRatioRows, formatRows, isGoalReached } from './report/table.ts';
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
    rebuild: (await import('./scenarios/rebuild.ts')).rebuild,
    visible: (await import('./scenarios/visible.ts')).visible,
    query: (await import('./scenarios/query.ts')).query,
    import: (await import('./scenarios/imports.ts')).imports,
    takeover: (await import('./scenarios/takeover.ts')).takeover,
    memory: (await import('./scenarios/memory.ts')).memory,
  };
};

const write = (results: readonly Result[], { seed }: Options, compared?: Compared) => {
  const options = [...(compared ? [`--compare ${compared.id}`] : []), ...(seed === 1 ? [] : [`--seed ${seed}`])];
  const command = ['npm run bench', ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
  const document = readFileSync('docs/performance.md', 'utf8');
  const circumstances = { date: new Date(), machine: describeMachine(), command, ...(compared && { compared }) };
  writeFileSync('docs/performance.md', insertResults(document, results, circumstances));
  const plotted = results.filter(({ unit }) => unit === 'events/s');
  const plot = drawPlot('Events per second into a view, median of the runs', plotted.map(barOf));
  writeFileSync('docs/performance.svg', plot);
};

type Compared = { id: string; day: string };

const report = (results: readonly Result[], failed: readonly string[], seed: number): void => {
  const ratios = computeRatios(results);
  if (results.length > 0) console.log(formatTable(formatRows(results)));
  if (ratios.length > 0) console.log(`\n${formatTable(formatRatioRows(ratios))}`);
  for (const failure of failed) console.error(`not measured: ${failure}`);
  const missed = [
    ...results.filter((result) => isGoalReached(result) === false).map(({ scenario, id }) => `${scenario}/${id}`),
    ...ratios.filter((ratio) => isGoalReached(ratio) === false).map(({ name }) => name),
  ];
  const medians = Object.fromEntries(ratios.map(({ name, values }) => [name, Number(median(values).toFixed(3))]));
  console.log(JSON.stringify({ ratios: medians, missed, failed: failed.length, seed }));
};

const bench = async (options: Options): Promise<void> => {
  const { removeEarlierRuns, startParts, stopParts } = await import('./stack/stack.ts');
  const { addComparedCheckout, describeCommit, removeComparedCheckout, thisCheckout } = await import(
    './stack/checkout.ts'
  );
  const compared = options.compare === undefined ? undefined : await describeCommit(options.compare);
  const stop = () => Promise.all([stopParts(), ...(compared ? [removeComparedCheckout()] : [])]);
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stop().finally(() => process.exit(1)));
  const began = performance.now();
  const failed: string[] = [];
  const results: Result[] = [];
  try {
    const checkouts = [thisCheckout, ...(compared ? [await addComparedCheckout(compared.id, progress)] : [])];
    await removeEarlierRuns();
    await startParts(['kafka', 'redis', 'mysql'], progress);
    const scenarios = await loadScenarios();
    for (const id of options.only) {
      const about = (text: string) => progress(`${id}: ${text}`);
      const startedAt = performance.now();
      const outcome = await scenarios[id](createPlan(options), about, checkouts).catch((error: Error) => error);
      if (outcome instanceof Error) failed.push(`${id}: ${outcome.message}`);
      else results.push(...outcome);
      console.error(`\n${id} took ${Math.round((performance.now() - startedAt) / 1000)} s`);
    }
  } finally {
    await stop();
  }
  if (options.whole && failed.length === 0) write(results, options, compared);
  console.error(`\ntook ${Math.round((performance.now() - began) / 1000)} s`);
  report(results, failed, options.seed);
  if (failed.length > 0) process.exitCode = 1;
};

const main = async () => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) console.log(help);
  else await bench(options);
};

await runMain(main);
process.exit();
