import { inFourComponents, ownGroup } from '../contestants/ours.ts';
import { loadHttp } from '../measure/http-load.ts';
import { quantile } from '../measure/statistics.ts';
import type { Result } from '../result.ts';
import { componentsFolder } from '../stack/components.ts';
import { startIotPlatform } from '../stack/platform.ts';
import { untilViewHas } from '../stack/view.ts';
import { emptyRedis } from '../stack/view-check.ts';
import { lastChanges } from '../work.ts';
import { fill } from './materialise.ts';
import type { Scenario } from './scenario.ts';

const connections = 32;
const customers = 20_000;

/** Every answer is looked at: it has to show the last change. */
export const query: Scenario = async ({ repeats, querySeconds, many }, progress) => {
  const work = { ...many, events: customers };
  await fill(work, progress);
  await emptyRedis();
  const member = await startIotPlatform(componentsFolder(inFourComponents.components, ownGroup()), inFourComponents);
  try {
    await untilViewHas(member, work.events);
    const expected = [...lastChanges(work).values()];
    let next = 0;
    const ask = () => {
      const { connectionId, connectionMandate } = expected[next++ % expected.length] as (typeof expected)[number];
      const isRight = (body: string) => body.includes(`"connectionMandate":"${connectionMandate}"`);
      return { path: `/mandates/${connectionId}`, isRight };
    };
    const { hostname: host, port } = new URL(member.url);
    const load = (seconds: number) => loadHttp({ host, port: Number(port), connections, seconds }, ask);
    await load(1); // the programs are compiled as they run
    const rates: number[] = [];
    const slowest: number[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      progress(`query, ${repeat} of ${repeats}`);
      const { requests, seconds, latenciesMs } = await load(querySeconds);
      rates.push(requests / seconds);
      slowest.push(quantile(latenciesMs, 0.99));
    }
    return results(rates, slowest);
  } finally {
    await member.end();
  }
};

const results = (rates: number[], slowest: number[]): Result[] => {
  const common = { scenario: 'query', configuration: `GET /mandates/C, ${connections} connections, Redis` } as const;
  return [
    {
      ...common,
      id: 'rate',
      title: 'query of one mandate',
      unit: 'requests/s',
      values: rates,
      goal: { atLeast: 8_000 },
    },
    { ...common, id: 'p99', title: 'query, 99th percentile', unit: 'ms', values: slowest, goal: { atMost: 15 } },
  ];
};
