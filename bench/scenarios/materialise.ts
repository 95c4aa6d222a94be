import { median } from '../measure/statistics.ts';
import type { ScenarioId } from '../options.ts';
import type { Plan } from '../plan.ts';
import type { Goal, Result } from '../result.ts';
import { prepareLog } from '../stack/log.ts';
import { direct } from '../subjects/direct.ts';
import { labWay } from '../subjects/lab-subscriber.ts';
import { inFourComponents, inOneComponent, ours } from '../subjects/ours.ts';
import { streams } from '../subjects/streams.ts';
import type { Contestant, Pass } from '../subjects/subject.ts';
import type { Work } from '../work.ts';
import type { Progress, Scenario } from './scenario.ts';

type Entry = { contestant: Contestant; goal?: Goal };

/** All read the same topic in turn, so that none has the machine at its best alone. */
const materialise =
  (scenario: ScenarioId, workOf: (plan: Plan) => Work, entries: readonly Entry[]): Scenario =>
  async (plan, progress) => {
    const work = workOf(plan);
    await fill(work, progress);
    const passes = new Map<Entry, Pass[]>(entries.map((entry) => [entry, []]));
    const spent = new Map<Entry, number>();
    for (let repeat = 1; repeat <= plan.repeats; repeat++)
      for (const [entry, done] of passes) {
        if ((spent.get(entry) ?? 0) > plan.boxSeconds * 1000) continue;
        progress(`${entry.contestant.title}, pass ${repeat} of ${plan.repeats}`);
        const began = performance.now();
        done.push(await entry.contestant.pass(work));
        spent.set(entry, (spent.get(entry) ?? 0) + performance.now() - began);
      }
    return [...passes].map(([entry, done]) => resultOf(scenario, entry, done));
  };

export const fill = (work: Work, progress: Progress): Promise<void> =>
  prepareLog(work, (written) => progress(`filling the topic: ${Math.floor((100 * written) / work.events)} %`));

const rate = ({ events, seconds }: Pass) => events / seconds;

const resultOf = (scenario: ScenarioId, { contestant, goal }: Entry, passes: readonly Pass[]): Result => {
  const { id, title, configuration } = contestant;
  const values = passes.map(rate);
  const middle = median(values);
  const typical = [...passes].sort((a, b) => Math.abs(rate(a) - middle) - Math.abs(rate(b) - middle))[0] as Pass;
  return { scenario, id, title, configuration, unit: 'events/s', values, usage: typical.usage, ...(goal && { goal }) };
};

const both = (store: 'redis' | 'mysql', fast: number, one: number): Entry[] => [
  { contestant: ours(store, inFourComponents), goal: { atLeast: fast } },
  { contestant: ours(store, inOneComponent), goal: { atLeast: one } },
];

export const redis20k = materialise('redis-20k', ({ many }) => many, [
  ...both('redis', 80_000, 40_000),
  { contestant: direct },
  { contestant: streams },
]);
export const labWayAlone = materialise('lab-way', (plan) => plan.labWay, [{ contestant: labWay }]);
export const redisDistinct = materialise('redis-distinct', ({ distinct }) => distinct, both('redis', 40_000, 20_000));
export const mysql20k = materialise('mysql-20k', ({ mysqlMany }) => mysqlMany, both('mysql', 9_000, 4_500));
export const mysqlDistinct = materialise('mysql-distinct', (plan) => plan.mysqlDistinct, both('mysql', 5_000, 2_500));
