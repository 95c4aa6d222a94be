import { costOf, findTypical } from '../measure/cost.ts';
import type { ScenarioId } from '../options.ts';
import type { Plan } from '../plan.ts';
import type { Goal, Result } from '../result.ts';
import type { Checkout } from '../stack/checkout.ts';
import { prepareLog } from '../stack/log.ts';
import type { Configuration } from '../stack/platform.ts';
import type { StoreName } from '../stack/stores.ts';
import { direct } from '../subjects/direct.ts';
import { labSubscriber } from '../subjects/lab-subscriber.ts';
import { createOwnSubject, defaultConfiguration, fastConfiguration, fourConfiguration } from '../subjects/ours.ts';
import { streams } from '../subjects/streams.ts';
import type { Run, Subject } from '../subjects/subject.ts';
import type { Work } from '../work.ts';
import type { Progress, Scenario } from './scenario.ts';

/** `memoryGoals` in MB, by the name of the process. */
type Entry = { subject: Subject; memoryGoals?: Record<string, Goal> };

/** All subjects read the same topic in turns, so that changes of the machine's speed affect all of them. */
const createMaterialiseScenario =
  (
    scenario: ScenarioId,
    workOf: (plan: Plan) => Work,
    entriesOf: (checkouts: readonly Checkout[]) => readonly Entry[],
  ): Scenario =>
  async (plan, progress, checkouts) => {
    const work = workOf(plan);
    await fillTopic(work, progress);
    const runs = new Map<Entry, Run[]>(entriesOf(checkouts).map((entry) => [entry, []]));
    const spent = new Map<Entry, number>();
    for (let repeat = 1; repeat <= plan.repeats; repeat++)
      for (const [entry, done] of runs) {
        if ((spent.get(entry) ?? 0) > plan.maxSecondsPerSubject * 1000) continue;
        progress(`${entry.subject.title}, run ${repeat} of ${plan.repeats}`);
        const began = performance.now();
        done.push(await entry.subject.run(work));
        spent.set(entry, (spent.get(entry) ?? 0) + performance.now() - began);
      }
    return [...runs].flatMap(([entry, done]) => resultsOf(scenario, entry, done));
  };

export const fillTopic = (work: Work, progress: Progress): Promise<void> =>
  prepareLog(work, (written) => progress(`filling the topic: ${Math.floor((100 * written) / work.events)} %`));

const rate = ({ events, seconds }: Run) => events / seconds;

const resultsOf = (scenario: ScenarioId, { subject, memoryGoals = {} }: Entry, runs: readonly Run[]): Result[] => {
  const { id, title, configuration } = subject;
  const typical = findTypical(runs, rate);
  return [
    {
      scenario,
      id,
      title,
      configuration,
      unit: 'events/s',
      values: runs.map(rate),
      cost: costOf(typical, typical.events),
    },
    ...Object.entries(memoryGoals).map(([name, goal]) => ({
      scenario,
      id: `${id}-${name}-memory`,
      title: `${title}: peak memory of ${name === 'app' ? 'the service' : name}`,
      configuration,
      unit: 'MB' as const,
      values: runs.map(({ usage }) => usage[name]?.megabytes ?? 0),
      goal,
    })),
  ];
};

const ofBoth = (
  checkouts: readonly Checkout[],
  store: StoreName,
  configuration: Configuration,
  memoryGoals: Record<string, Goal> = {},
): Entry[] =>
  checkouts.map((checkout) => ({
    subject: createOwnSubject(store, configuration, checkout),
    ...(checkout.id === 'ours' && { memoryGoals }),
  }));

const bothConfigurations = (store: StoreName) => (checkouts: readonly Checkout[]) => [
  ...ofBoth(checkouts, store, fastConfiguration),
  ...ofBoth(checkouts, store, defaultConfiguration),
];

export const redis20k = createMaterialiseScenario(
  'redis-20k',
  ({ many }) => many,
  (checkouts) => [
    ...ofBoth(checkouts, 'redis', fastConfiguration, { app: { atMost: 450 }, daprd: { atMost: 1_600 } }),
    { subject: streams },
    { subject: direct },
    ...ofBoth(checkouts, 'redis', defaultConfiguration, { app: { atMost: 450 } }),
    ...ofBoth(
      checkouts.filter(({ id }) => id === 'ours'),
      'redis',
      fourConfiguration,
      { app: { atMost: 450 } },
    ),
  ],
);
export const labSubscriberAlone = createMaterialiseScenario(
  'lab-way',
  (plan) => plan.labSubscriber,
  () => [{ subject: labSubscriber }],
);
export const redisDistinct = createMaterialiseScenario(
  'redis-distinct',
  ({ distinct }) => distinct,
  (checkouts) => [...bothConfigurations('redis')(checkouts), { subject: streams }],
);
export const mysql20k = createMaterialiseScenario(
  'mysql-20k',
  ({ mysqlMany }) => mysqlMany,
  bothConfigurations('mysql'),
);
export const mysqlDistinct = createMaterialiseScenario(
  'mysql-distinct',
  (plan) => plan.mysqlDistinct,
  bothConfigurations('mysql'),
);
