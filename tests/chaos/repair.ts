import { topics } from '../../contracts/topics.ts';
import { openLog } from '../../packages/platform/open-adapters.ts';
import { describeGroup, resetGroup } from '../../packages/projections/consumer-groups.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { iotPlatform } from '../../scripts/views.ts';
import { getJson } from '../http.ts';
import { programWords, startProgram } from '../platform-process.ts';
import { ports } from '../stack/ports.ts';
import { type PlatformInstance, startAndWait, stopBoth } from './deployment.ts';

const topic = topics.connectionMandates.name;
const reportedWithinSeconds = 10;

const kafkaLog = () =>
  openLog({ KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` }, iotPlatform, { embedded: false, kafka: true });

/** Waits until the group has committed all offsets; the sidecar commits about once a second. */
export const waitUntilAllCommitted = async ({ consumerGroup }: PlatformInstance): Promise<void> => {
  const lag = async () => {
    const partitions = await describeGroup({ ...(await kafkaLog()), group: consumerGroup, topic });
    return partitions.reduce((sum, { lag }) => sum + lag, 0);
  };
  if (!(await waitUntil(20, async () => (await lag()) === 0)))
    throw new Error(`${consumerGroup} does not commit all offsets`);
};

/** Whether the instance reports within 10 s, without a further event, that its view misses events. */
export const reportsMissingEvents = async ({ url }: PlatformInstance): Promise<boolean> => {
  const isReported = async () => {
    const { status, body } = await getJson(`${url}/readyz`);
    return status === 503 && String((body.checks as { view?: string }).view).startsWith('Events are missing');
  };
  return (await waitUntil(reportedWithinSeconds, () => isReported().catch(() => false))) ?? false;
};

/** Rebuilds the view by a reset of the consumer group to the earliest offsets. */
export const readEverythingAgain = async (instance: PlatformInstance): Promise<void> => {
  await stopBoth(instance, 'SIGTERM');
  const group = { ...(await kafkaLog()), group: instance.consumerGroup, topic };
  await resetGroup(group, { to: 'earliest', dryRun: false, report: () => {} });
  await startAndWait(instance);
};

/** Rebuilds the view by npm run rebuild, compared with the CRM. @throws Error with the output when it does not switch */
export const rebuildView = async ({ view, daprPort }: PlatformInstance, crm: string): Promise<void> => {
  const options = ['--dapr-http-port', String(daprPort), '--crm', crm];
  const env = { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`, STATESTORE_NAME: view };
  const command = startProgram(process.execPath, [...programWords('scripts/rebuild.ts'), ...options], env);
  if ((await command.ended) !== 0) throw new Error(command.output());
};
