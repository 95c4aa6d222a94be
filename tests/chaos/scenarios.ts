import { ports } from '../stack/ports.ts';
import { createChangeRecord, type SentCustomer } from './change-record.ts';
import { createCustomer, replaceCustomer } from './change-stream.ts';
import { findContradictions, findDisagreements } from './consistency-check.ts';
import {
  createDeployment,
  type Deployment,
  type DeploymentOptions,
  type PlatformInstance,
  startAndWait,
} from './deployment.ts';
import { createRandom } from './random.ts';
import { readEverythingAgain, reportsMissingEvents, waitUntilAllCommitted } from './repair.ts';
import { mandatesOf, startSampling } from './sampling.ts';
import { copyStore } from './store-copies.ts';
import { startWriteProxy } from './write-proxy.ts';

export const customer = (connectionId: string, connectionMandate: SentCustomer['connectionMandate']): SentCustomer => ({
  firstName: 'First',
  lastName: 'Last',
  city: 'Delft',
  connectionId,
  connectionMandate,
});

/** Long enough for a correct run; a wrong result would stay wrong. */
const agreeWithinSeconds = 20;
const wrongForSeconds = 3;

/**
 * Pauses a writer between its read and its first write of a key. Another writer writes the key and a later change of it; then the
 * first one resumes. Runs on Redis and on MariaDB. @returns the failed checks
 */
export const runLateWriter = async (iotEnv: Record<string, string>): Promise<string[]> => {
  const held = await Promise.all([0, 2].map((late) => startWriteProxy(ports.iotPlatforms[late as 0 | 2].dapr)));
  const deployment = await createDeployment({
    groupPerInstance: true,
    iotEnv: (instance) => ({
      ...iotEnv,
      // The proxy forwards HTTP only.
      ...(instance % 2 === 0 && { DAPR_HTTP_PORT: String(held[instance / 2]?.port), DAPR_GRPC_PORT: '' }),
    }),
  });
  const { crm, instances } = deployment;
  const record = createChangeRecord();
  const [late, others] = [instances.filter((_, n) => n % 2 === 0), instances.filter((_, n) => n % 2 === 1)];
  try {
    await Promise.all([crm, ...late].map(startAndWait));
    // With its first write a service probes how its store creates a key, so the scenario holds a later write.
    await createCustomer(crm.url, customer('1', '1'), record);
    await requireAgreement(deployment, late, record);
    await Promise.all(others.map(startAndWait));
    await requireAgreement(deployment, others, record);
    const sampling = startSampling(others, mandatesOf(record), createRandom(1));
    // The late writer must read before the others write; else it would find the change applied and write nothing.
    for (const { app } of others) app.pause();
    const caught = held.map((writes) => writes.holdNext());
    const id = await createCustomer(crm.url, customer('2', '2'), record);
    await Promise.all(caught);
    for (const { app } of others) app.resume();
    await requireAgreement(deployment, others, record);
    await replaceCustomer(crm.url, id, customer('2', '0'), record);
    await requireAgreement(deployment, others, record);
    await Promise.all(held.map((writes) => writes.release()));
    const left = await findDisagreements({ crm: crm.url, instances: others, record }, wrongForSeconds);
    await sampling.stop();
    return [...left, ...(await findContradictions(record, [sampling])), ...deployment.violations];
  } finally {
    await deployment.stop();
    for (const writes of held) writes.close();
  }
};

type ScenarioOfOneInstance = {
  readonly deployment: Deployment;
  readonly instance: PlatformInstance;
  /** Changes the mandate of connection 1 from 2 to 0. */
  revoke(): Promise<void>;
  requireAgreement(): Promise<void>;
  /** @returns what still disagrees after so many seconds */
  findDisagreements(seconds: number): Promise<string[]>;
};

/** Runs a scenario on a CRM and one IoT platform that agree on connection 1 with mandate 2. @returns the failed checks */
const withOneInstance = async (
  options: DeploymentOptions,
  scenario: (context: ScenarioOfOneInstance) => Promise<string[]>,
): Promise<string[]> => {
  const deployment = await createDeployment(options);
  const { crm, instances } = deployment;
  const instance = instances[0] as PlatformInstance;
  const record = createChangeRecord();
  const agree = () => requireAgreement(deployment, [instance], record);
  try {
    await Promise.all([crm, instance].map(startAndWait));
    const id = await createCustomer(crm.url, customer('1', '2'), record);
    await agree();
    const left = await scenario({
      deployment,
      instance,
      revoke: () => replaceCustomer(crm.url, id, customer('1', '0'), record),
      requireAgreement: agree,
      findDisagreements: (seconds) => findDisagreements({ crm: crm.url, instances: [instance], record }, seconds),
    });
    const contradictions = await findContradictions(record);
    return [...left, ...contradictions, ...deployment.violations];
  } finally {
    await deployment.stop();
  }
};

/** Kills the CRM as soon as it has answered a change, and starts it again. @returns the failed checks */
export const runCrmKilledAfterAnswer = (crmEnv: Record<string, string>): Promise<string[]> =>
  withOneInstance({ crmEnv }, async ({ deployment: { crm }, revoke, findDisagreements }) => {
    await revoke();
    await crm.app.stop('SIGKILL');
    await crm.app.start();
    // The CRM has to start again first, so a lost event needs as long to be found as a correct run needs to agree.
    return findDisagreements(agreeWithinSeconds);
  });

/**
 * Restores Redis from an older copy while the committed offsets stay, and rebuilds the view when the instance reports missing
 * events. @returns the failed checks
 */
export const runStoreRestore = (iotEnv: Record<string, string>): Promise<string[]> =>
  withOneInstance({ iotEnv: () => iotEnv }, async ({ instance, revoke, requireAgreement, findDisagreements }) => {
    const copy = await copyStore(instance.view);
    await revoke();
    await requireAgreement();
    await waitUntilAllCommitted(instance);
    await copy.restore();
    const isReported = await reportsMissingEvents(instance);
    if (isReported) await readEverythingAgain(instance);
    return findDisagreements(isReported ? agreeWithinSeconds : wrongForSeconds);
  });

/** @throws Error when the platform disagrees before the scenario's fault */
export const requireAgreement = async (
  { crm }: Pick<Deployment, 'crm'>,
  instances: readonly PlatformInstance[],
  record: ReturnType<typeof createChangeRecord>,
): Promise<void> => {
  const left = await findDisagreements({ crm: crm.url, instances, record }, agreeWithinSeconds);
  if (left.length > 0) throw new Error(left.join('\n'));
};
