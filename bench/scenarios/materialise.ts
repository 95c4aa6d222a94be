import { median } from '../measure/statistics.ts';
import type { ScenarioId } from '../options.ts';
import type { Plan } from '../plan.ts';
import type { Goal, Result } from '../result.ts';
import { prepareLog } from '../stack/log.ts';
import { direct } from '../subjects/direct.ts';
import { labSubscriber } from '../subjects/lab-subscriber.ts';
import { createOwnSubject, defaultConfiguration, fastConfiguration } from '../subjects/ours.ts';
import { streams } from '../subjects/streams.ts';
import type { Run, Subject } from '../subjects/subject.ts';
import type { Work } from '../work.ts';
import type { Progress, Scenario } from './scenario.ts';

type Entry = { subject: Subject; goal?: Goal };

/** All subjects read the same topic in turn, so that changes of the machine's speed affect all of them. */
const createMaterialiseScenario =
  (scenario: ScenarioId, workOf: (plan: Plan) => Work, entries: readonly Entry[]): Scenario =>
  async (plan, progress) => {
    const work = workOf(plan);
    await fillTopic(work, progress);
    const runs = new Map<Entry, Run[]>(entries.map((entry) => [entry, []]));
    const spent = new Map<Entry, number>();
    for (let repeat = 1; repeat <= plan.repeats; repeat++)
      for (const [entry, done] of runs) {
        if ((spent.get(entry) ?? 0) > plan.maxSecondsPerSubject * 1000) continue;
        progress(`${entry.subject.title}, run ${repeat} of ${plan.repeats}`);
        const began = performance.now();
        done.push(await entry.subject.run(work));
        spent.set(entry, (spent.get(entry) ?? 0) + performance.now() - began);
      }
    return [...runs].map(([entry, done]) => resultOf(scenario, entry, done));
  };

export const fillTopic = (work: Work, progress: Progress): Promise<void> =>
  prepareLog(work, (written) => progress(`filling the topic: ${Math.floor((100 * written) / work.events)} %`));

const rate = ({ events, seconds }: Run) => events / seconds;

const resultOf = (scenario: ScenarioId, { subject, goal }: Entry, runs: readonly Run[]): Result => {
  const { id, title, configuration } = subject;
  const values = runs.map(rate);
  const middle = median(values);
  const typical = [...runs].sort((a, b) => Math.abs(rate(a) - middle) - Math.abs(rate(b) - middle))[0] as Run;
  return { scenario, id, title, configuration, unit: 'events/s', values, usage: typical.usage, ...(goal && { goal }) };
};

const bothConfigurations = (store: 'redis' | 'mysql', fast: number, one: number): Entry[] => [
  { subject: createOwnSubject(store, fastConfiguration), goal: { atLeast: fast } },
  { subject: createOwnSubject(store, defaultConfiguration), goal: { atLeast: one } },
];

export const redis20k = createMaterialiseScenario('redis-20k', ({ many }) => many, [
  ...bothConfigurations('redis', 80_000, 40_000),
  { subject: direct },
  { subject: streams },
]);
export const labSubscriberAlone = createMaterialiseScenario('lab-way', (plan) => plan.labSubscriber, [
  { subject: labSubscriber },
]);
export const redisDistinct = createMaterialiseScenario(
  'redis-distinct',
  ({ distinct }) => distinct,
  bothConfigurations('redis', 40_000, 20_000),
);
export const mysql20k = createMaterialiseScenario(
  'mysql-20k',
  ({ mysqlMany }) => mysqlMany,
  bothConfigurations('mysql', 9_000, 4_500),
);
export const mysqlDistinct = createMaterialiseScenario(
  'mysql-distinct',
  (plan) => plan.mysqlDistinct,
  bothConfigurations('mysql', 5_000, 2_500),
);
