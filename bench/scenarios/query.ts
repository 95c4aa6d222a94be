import { type Load, loadHttp } from '../measure/http-load.ts';
import { quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';
import { type RunningService, waitUntilReady } from '../stack/platform.ts';
import { startRebuild } from '../stack/rebuild.ts';
import { emptyRedis } from '../stack/stores.ts';
import { waitForView } from '../stack/view.ts';
import { fastConfiguration, startMembers } from '../subjects/ours.ts';
import { lastChanges, type Work } from '../work.ts';
import { fillTopic } from './materialise.ts';
import type { Scenario } from './scenario.ts';

const connections = 32;
/** While a rebuild runs the load is measured in pieces; a piece counts only if the rebuild ran for the whole piece. */
const pieceSeconds = 1;

/** Queries mandates and checks that each answer shows the last change. The versions are measured in turns. */
export const query: Scenario = async ({ repeats, querySeconds, query: work }, progress, checkouts) => {
  await fillTopic(work, progress);
  const measured = new Map(checkouts.map((checkout) => [checkout, { quiet: [] as Load[], during: [] as Load[] }]));
  for (let repeat = 1; repeat <= repeats; repeat++)
    for (const [checkout, { quiet, during }] of measured) {
      progress(`query of ${checkout.title}, ${repeat} of ${repeats}`);
      const isLast = repeat === repeats;
      const { load, pieces } = await measure(checkout, work, querySeconds, isLast);
      quiet.push(load);
      during.push(...pieces);
    }
  return [...measured].flatMap(([checkout, { quiet, during }]) => [
    ...createResults(checkout, '', quiet, 15),
    ...createResults(checkout, '-in-rebuild', during),
  ]);
};

/** Loads a service that has filled its view; `withRebuild` loads it again while a rebuild runs. */
const measure = async (checkout: Checkout, work: Work, seconds: number, withRebuild: boolean) => {
  await emptyRedis();
  const { members, end } = await startMembers(checkout, fastConfiguration);
  try {
    await waitForView(members, work.events);
    const [iotPlatform] = members as [RunningService];
    await waitUntilReady(iotPlatform);
    const nextQuery = createQueries(work);
    const { hostname: host, port } = new URL(iotPlatform.url);
    const send = (duration: number) =>
      loadHttp({ host, port: Number(port), connections, seconds: duration }, nextQuery);
    await send(1); // warms up the JIT compilers
    const load = await send(seconds);
    const pieces = withRebuild ? await loadWhileRebuilding(checkout, send) : [];
    return { load, pieces };
  } finally {
    await end();
  }
};

const loadWhileRebuilding = async (checkout: Checkout, send: (seconds: number) => Promise<Load>): Promise<Load[]> => {
  const rebuild = await startRebuild(checkout.folder);
  const pieces: Load[] = [];
  while (rebuild.isRunning()) pieces.push(await send(pieceSeconds));
  const { seconds } = await rebuild.finished;
  if (pieces.length < 2) throw new Error(`the rebuild took only ${seconds.toFixed(1)} s: nothing was measured`);
  return pieces.slice(0, -1); // the rebuild ended during the last piece
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

const createResults = ({ id, title }: Checkout, suffix: string, loads: readonly Load[], atMost?: number): Result[] => {
  const configuration = `GET /mandates/C, ${connections} connections, Redis${suffix && ', while a rebuild runs'}`;
  const common = { scenario: 'query', configuration } as const;
  return [
    {
      ...common,
      id: `${id}-rate${suffix}`,
      title: `query of one mandate, ${title}`,
      unit: 'requests/s',
      values: loads.map(({ requests, seconds }) => requests / seconds),
    },
    {
      ...common,
      id: `${id}-p99${suffix}`,
      title: `query, 99th percentile, ${title}`,
      unit: 'ms',
      values: loads.map(({ latenciesMs }) => quantile(latenciesMs, 0.99)),
      ...(atMost !== undefined && id === 'ours' && { goal: { atMost } }),
    },
  ];
};
