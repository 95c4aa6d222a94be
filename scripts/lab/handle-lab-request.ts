import { formatTable } from '../../packages/cli/table.ts';
import type { ConsumerId } from '../components.ts';
import { waitUntil } from '../stack/wait-until.ts';
import type { LabReply, LabRequest } from './control-socket.ts';
import type { Member } from './member.ts';
import { type Readiness, readFailedViews, readReadiness, readViewState } from './readiness.ts';
import type { LabSettings, Overrides } from './settings.ts';
import { formatProblems } from './watch-readiness.ts';

const readyWithinSeconds = 20;

/** Executes a request of another terminal. @throws Error whose message is sent to that terminal */
export const handleLabRequest = async (
  request: LabRequest,
  members: readonly Member[],
  settings: LabSettings,
): Promise<LabReply> => {
  if (request.command === 'status') return { text: await describeMembers(members) };
  if (request.command === 'environment')
    return { text: '', environment: commandEnvironment(request.service, members, settings) };
  if (request.command !== 'stop' && request.command !== 'start') throw new Error('The lab does not know this command.');
  const member = members.find(({ id }) => id === request.member);
  if (!member)
    throw new Error(`There is no member ${request.member}. The members are ${members.map(({ id }) => id).join(', ')}.`);
  return { text: request.command === 'stop' ? await stop(member) : await start(member, request.overrides, settings) };
};

const stop = async (member: Member): Promise<string> => {
  if (member.isStopped()) return `${member.id} is stopped already.`;
  const wasKilled = await member.stop();
  const membership = wasKilled
    ? 'It had to be killed: Kafka removes it from its consumer group within 6 s.'
    : 'It has left its consumer group.';
  return `${member.id} and its sidecar are stopped. ${membership}`;
};

const start = async (member: Member, overrides: Overrides, { prefix }: LabSettings): Promise<string> => {
  if (!member.isStopped()) throw new Error(`${member.id} runs already: ${prefix}npm run lab -- stop ${member.id}`);
  member.start(overrides);
  let readiness = await readReadiness(member.url);
  await waitUntil(readyWithinSeconds, async () => {
    readiness = await readReadiness(member.url);
    return readiness.isReady || (await needsRebuild(member, readiness));
  });
  if (readiness.isReady) return `${member.id} is ready at ${member.url}.`;
  return `${member.id} is started but not ready yet:\n${formatProblems(member, readiness)}`.trimEnd();
};

/** A store that is empty although the group has committed offsets stays empty until the view is rebuilt. */
const needsRebuild = async ({ url }: Member, readiness: Readiness): Promise<boolean> => {
  const views = await readFailedViews(url, readiness);
  return views.some(({ state, warning }) => state === 'empty' && warning !== undefined);
};

const describeMembers = async (members: readonly Member[]): Promise<string> => {
  const rows = await Promise.all(
    members.map(async (member) => {
      const { service, sidecar } = member.pids();
      const readiness = member.isStopped() ? undefined : await readReadiness(member.url);
      return {
        row: {
          member: member.id,
          service: service ? `pid ${service}` : 'stopped',
          sidecar: sidecar ? `pid ${sidecar}` : member.isStopped() ? 'stopped' : 'restarting',
          address: member.url,
          ready: readiness?.isReady ? 'yes' : 'no',
        },
        problems: readiness ? formatProblems(member, readiness) : '',
      };
    }),
  );
  const iotPlatform = members.find(({ id }) => id === 'iot-platform');
  const view = iotPlatform && (await readViewState(iotPlatform.url));
  const viewLine =
    view && iotPlatform
      ? `\n\nThe view of the IoT platform in ${view.store} is ${view.state}; its consumer group is ${iotPlatform.environment().CONSUMER_GROUP}.`
      : '';
  const problems = rows.map(({ problems }) => problems).join('');
  return `${formatTable(rows.map(({ row }) => row))}${viewLine}${problems && `\n\n${problems}`}`.trimEnd();
};

/**
 * The environment of a command in another terminal that works on a service of this lab, without tokens. The address of a database may
 * have a password; only this user may open the socket.
 */
const commandEnvironment = (
  appId: ConsumerId,
  members: readonly Member[],
  settings: LabSettings,
): Record<string, string> => {
  const member = members.find(({ id }) => id === appId);
  const own = member?.environment() ?? {};
  const { DAPR_HTTP_PORT, DAPR_GRPC_PORT, KAFKA_BROKERS, STATESTORE_NAME, PUBSUB_NAME, CUSTOMER_VIEW_DATABASE_URL } =
    own;
  const ofLab = appId === 'iot-platform' ? process.env : {};
  const environment = {
    DAPR_HTTP_PORT,
    DAPR_GRPC_PORT,
    KAFKA_BROKERS,
    STATESTORE_NAME,
    CUSTOMER_VIEW_DATABASE_URL,
    PUBSUB_NAME: PUBSUB_NAME ?? ofLab.PUBSUB_NAME,
    // Without an override the command reads the group from the YAML, which may have been edited since.
    CONSUMER_GROUP: member?.overrides().CONSUMER_GROUP || ofLab.CONSUMER_GROUP,
    RESOURCES_PATH: settings.resources,
    MANDATES_ENCODING: process.env.MANDATES_ENCODING,
    SCHEMA_REGISTRY_URL: process.env.SCHEMA_REGISTRY_URL,
    CRM_URL: settings.members.crm.url,
    IOT_PLATFORM_URL: settings.members['iot-platform'].url,
    CUSTOMER_VIEW_URL: settings.members['customer-view'].url,
  };
  return Object.fromEntries(
    Object.entries(environment).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
};
