import { type Load, loadHttp } from '../measure/http-load.ts';
import { quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { createComponentsFolder } from '../stack/components.ts';
import { startIotPlatform } from '../stack/platform.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { waitForView } from '../stack/view.ts';
import { emptyRedis } from '../stack/view-check.ts';
import { fastConfiguration, newGroup } from '../subjects/ours.ts';
import { lastChanges, type Work } from '../work.ts';
import { fillTopic } from './materialise.ts';
import type { Scenario } from './scenario.ts';

const connections = 32;
/** While a rebuild runs the load is measured in pieces; a piece counts only if the rebuild ran for the whole piece. */
const pieceSeconds = 1;

/** Queries mandates and checks that each answer shows the last change. */
export const query: Scenario = async ({ repeats, querySeconds, distinct }, progress) => {
  await fillTopic(distinct, progress);
  await emptyRedis();
  const member = await startIotPlatform(
    createComponentsFolder(fastConfiguration.components, newGroup()),
    fastConfiguration,
  );
  try {
    await waitForView(member, distinct.events);
    const nextQuery = createQueries(distinct);
    const { hostname: host, port } = new URL(member.url);
    const load = (seconds: number) => loadHttp({ host, port: Number(port), connections, seconds }, nextQuery);
    await load(1); // warms up the JIT compilers
    const quiet: Load[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      progress(`query, ${repeat} of ${repeats}`);
      quiet.push(await load(querySeconds));
    }
    progress('query while a rebuild runs');
    const rebuild = await startRebuild();
    const pieces: Load[] = [];
    while (rebuild.isRunning()) pieces.push(await load(pieceSeconds));
    const { seconds } = await rebuild.finished;
    const during = pieces.slice(0, -1); // the rebuild ended during the last piece
    if (during.length === 0) throw new Error(`the rebuild took only ${seconds.toFixed(1)} s: nothing was measured`);
    return [...createResults('', quiet, 8_000, 15), ...createResults('-in-rebuild', during, 4_000)];
  } finally {
    await member.end();
  }
};

const createQueries = (work: Work) => {
  const expected = [...lastChanges(work).values()];
  let next = 0;
  return () => {
    const { connectionId, connectionMandate } = expected[next++ % expected.length] as (typeof expected)[number];
    const isCorrect = (body: string) => body.includes(`"connectionMandate":"${connectionMandate}"`);
    return { path: `/mandates/${connectionId}`, isCorrect };
  };
};

const createResults = (suffix: string, loads: readonly Load[], atLeast: number, atMost?: number): Result[] => {
  const configuration = `GET /mandates/C, ${connections} connections, Redis${suffix && ', while a rebuild runs'}`;
  const common = { scenario: 'query', configuration } as const;
  const rates = loads.map(({ requests, seconds }) => requests / seconds);
  const slowest = loads.map(({ latenciesMs }) => quantile(latenciesMs, 0.99));
  return [
    {
      ...common,
      id: `rate${suffix}`,
      title: 'query of one mandate',
      unit: 'requests/s',
      values: rates,
      goal: { atLeast },
    },
    {
      ...common,
      id: `p99${suffix}`,
      title: 'query, 99th percentile',
      unit: 'ms',
      values: slowest,
      ...(atMost !== undefined && { goal: { atMost } }),
    },
  ];
};
