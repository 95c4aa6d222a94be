import { setTimeout as delay } from 'node:timers/promises';
import { type ChangeRecord, createChangeRecord } from './change-record.ts';
import { startChanges } from './change-stream.ts';
import { findContradictions, findDisagreements } from './consistency-check.ts';
import { createDeployment, type Deployment, type PlatformInstance, startAndWait, stopBoth } from './deployment.ts';
import { type Disturbance, planRound } from './plan-round.ts';
import { createRandom, type Random } from './random.ts';
import { startSampling } from './sampling.ts';

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
      result.changes = record.answered.length;
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
  const views = random.oneOf(viewsOfARound);
  const instances = deployment.instances.filter(({ view }) => views.includes(view));
  const [staying, temporary] = [
    instances.filter(isFirst),
    instances.filter((instance, n, all) => !isFirst(instance, n, all)),
  ];
  report(`round ${result.rounds}: the view in ${views.join(' and in ')}`);
  await Promise.all(staying.map(startAndWait));

  const sampling = startSampling(instances, record.connections, random.fork());
  const changes = startChanges({ crm: deployment.crm.url, random: random.fork(), record });
  const plan = planRound(deployment, { staying, temporary }, { random: random.fork(), roundMs, count });
  await Promise.all(plan.map((disturbance) => executeDisturbance(disturbance, options)));
  await changes.stop();

  const left = await findDisagreements({ crm: deployment.crm.url, instances: staying, record }, agreeWithinSeconds);
  await sampling.stop();
  result.samples += sampling.answers;
  const wrong = [...left, ...(await findContradictions(record, sampling)), ...deployment.violations];
  await Promise.all(staying.map((instance) => stopBoth(instance, 'SIGTERM')));
  return wrong;
};

/** The first instance of each view stays; the others join and leave. */
const isFirst = ({ view }: PlatformInstance, n: number, instances: readonly PlatformInstance[]) =>
  instances.findIndex((instance) => instance.view === view) === n;

const executeDisturbance = async ({ what, how, afterMs, execute }: Disturbance, { report, result }: Round) => {
  await delay(afterMs);
  report(`  ${how} ${what}`);
  await execute();
  result.executed.set(`${how} ${what}`, (result.executed.get(`${how} ${what}`) ?? 0) + 1);
};
