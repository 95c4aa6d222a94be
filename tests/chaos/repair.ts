import { topics } from '../../contracts/topics.ts';
import { openLog } from '../../packages/platform/open-adapters.ts';
import { describeGroup, resetGroup } from '../../packages/projections/consumer-groups.ts';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { iotPlatform } from '../../scripts/views.ts';
import { getJson } from '../http.ts';
import { startProgram } from '../platform-process.ts';
import { ports } from '../stack/ports.ts';
import { end, type FleetMember, start } from './deployment.ts';

const topic = topics.connectionMandates.name;
const saidWithinSeconds = 10;

const kafkaLog = () =>
  openLog({ KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` }, iotPlatform, { embedded: false, kafka: true });

/** Waits until the group has acknowledged every event, which Kafka hears of about once a second. */
export const allAcknowledged = async ({ consumerGroup }: FleetMember): Promise<void> => {
  const lag = async () => {
    const partitions = await describeGroup({ ...(await kafkaLog()), group: consumerGroup, topic });
    return partitions.reduce((sum, { lag }) => sum + lag, 0);
  };
  if (!(await waitUntil(20, async () => (await lag()) === 0)))
    throw new Error(`${consumerGroup} does not acknowledge all events`);
};

/** Whether the instance says by itself, soon and without a further event, that its view cannot be relied on. */
export const saysThatEventsAreMissing = async ({ url }: FleetMember): Promise<boolean> => {
  const says = async () => {
    const { status, body } = await getJson(`${url}/readyz`);
    return status === 503 && String((body.checks as { view?: string }).view).startsWith('Events are missing');
  };
  return (await waitUntil(saidWithinSeconds, () => says().catch(() => false))) ?? false;
};

/** The lab's way to build a view again: the group reads everything once more. */
export const readEverythingAgain = async (member: FleetMember): Promise<void> => {
  await end(member, 'SIGTERM');
  const group = { ...(await kafkaLog()), group: member.consumerGroup, topic };
  await resetGroup(group, { to: 'earliest', dryRun: false, report: () => {} });
  await start(member);
};

/** A new generation beside the old one, compared with the CRM. @throws Error with what it said when it does not answer now */
export const rebuildView = async ({ view, daprPort }: FleetMember, crm: string): Promise<void> => {
  const options = ['--dapr-http-port', String(daprPort), '--crm', crm];
  const env = { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`, STATESTORE_NAME: view };
  const command = startProgram(process.execPath, ['--import', 'tsx', 'scripts/rebuild.ts', ...options], env);
  if ((await command.ended) !== 0) throw new Error(command.output());
};
