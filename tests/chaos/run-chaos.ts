import { setTimeout as delay } from 'node:timers/promises';
import { type ChangeRecord, createChangeRecord } from './change-record.ts';
import { startChanges } from './change-stream.ts';
import { findContradictions, findDisagreements, findLostOrders } from './consistency-check.ts';
import { createDeployment, type Deployment, startAndWait, stopBoth } from './deployment.ts';
import { type Disturbance, planRound, type ViewInstance } from './plan-round.ts';
import { createRandom, type Random } from './random.ts';
import { mandatesOf, ordersAndCustomersOf, startSampling } from './sampling.ts';

export type ChaosOptions = {
  seed: number;
  /** The time of disturbances in a round; the check after them takes longer. */
  roundMs: number;
  /** Number of disturbed targets in a round, in addition to the instances that join and leave. */
  disturbances: number;
  /** Called before each round. */
  shouldContinue: (roundsDone: number) => boolean;
  /** Prints one line of progress. */
  report: (line: string) => void;
};

export type ChaosResult = {
  rounds: number;
  changes: number;
  samples: number;
  /** How often each disturbance was executed, by a text such as `kill CRM`. */
  executed: Map<string, number>;
  /** The failed checks of the last round; empty when all passed. */
  wrong: string[];
};

/** Counted from the end of the disturbances; longer than any backoff, session timeout or circuit breaker. */
const agreeWithinSeconds = 120;

const viewsOfARound = [['statestore'], ['durable-statestore'], ['statestore', 'durable-statestore']];
const databasesOfARound = ['sqlite', 'mysql'];

/** Disturbs and checks the platform round by round until `shouldContinue` is false or a check fails. */
export const runChaos = async (options: ChaosOptions): Promise<ChaosResult> => {
  const { seed, shouldContinue, report } = options;
  const random = createRandom(seed);
  const record = createChangeRecord();
  const result: ChaosResult = { rounds: 0, changes: 0, samples: 0, executed: new Map(), wrong: [] };
  const deployment = await createDeployment();
  try {
    await startAndWait(deployment.crm);
    while (shouldContinue(result.rounds) && result.wrong.length === 0) {
      result.rounds++;
      result.wrong = await runRound(deployment, random.fork(), { ...options, record, result });
      result.changes = record.answered.length + record.answeredOrders.length;
      report(
        `round ${result.rounds}: ${result.changes} changes, ${result.samples} samples, ${result.wrong.length === 0 ? 'all agree' : 'WRONG'}`,
      );
    }
    return result;
  } finally {
    await deployment.stop();
  }
};

type Round = ChaosOptions & { record: ChangeRecord; result: ChaosResult };

const runRound = async (deployment: Deployment, random: Random, options: Round): Promise<string[]> => {
  const { record, result, roundMs, disturbances: count, report } = options;
  const [views, database] = [random.oneOf(viewsOfARound), random.oneOf(databasesOfARound)];
  const instances = deployment.instances.filter(({ view }) => views.includes(view));
  const customerViews = deployment.customerViews.filter(({ view }) => view === database);
  const all: ViewInstance[] = [...instances, ...customerViews];
  const staying = all.filter(isFirst);
  const temporary = all.filter((instance) => !staying.includes(instance));
  report(`round ${result.rounds}: mandates in ${views.join(' and in ')}, customer-view in ${database}`);
  await Promise.all(staying.map(startAndWait));

  const samplings = [
    startSampling(instances, mandatesOf(record), random.fork()),
    startSampling(customerViews, ordersAndCustomersOf(record), random.fork()),
  ];
  const changes = startChanges({ crm: deployment.crm.url, random: random.fork(), record });
  const plan = planRound(deployment, { staying, temporary }, { random: random.fork(), roundMs, count });
  await Promise.all(plan.map((disturbance) => executeDisturbance(disturbance, options)));
  await changes.stop();

  const remaining = {
    instances: instances.filter((instance) => staying.includes(instance)),
    customerViews: customerViews.filter((instance) => staying.includes(instance)),
  };
  const left = await findDisagreements({ crm: deployment.crm.url, ...remaining, record }, agreeWithinSeconds);
  for (const sampling of samplings) {
    await sampling.stop();
    result.samples += sampling.answers;
  }
  const wrong = [
    ...left,
    ...(await findLostOrders(deployment.crm.url, record)),
    ...(await findContradictions(record, samplings, deployment.output())),
    ...deployment.violations,
  ];
  await Promise.all(staying.map((instance) => stopBoth(instance, 'SIGTERM')));
  return wrong;
};

/** The first instance of each view stays; the others join and leave. */
const isFirst = ({ view }: ViewInstance, n: number, instances: readonly ViewInstance[]) =>
  instances.findIndex((instance) => instance.view === view) === n;

const executeDisturbance = async ({ what, how, afterMs, execute }: Disturbance, { report, result }: Round) => {
  await delay(afterMs);
  report(`  ${how} ${what}`);
  await execute();
  result.executed.set(`${how} ${what}`, (result.executed.get(`${how} ${what}`) ?? 0) + 1);
};
