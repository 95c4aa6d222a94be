import { topics as allTopics } from '../../../contracts/topics.ts';
import { parseKafkaBrokers, serviceLimits, useNewAdmin } from '../../../packages/kafka/client.ts';
import { fetchCommittedOffsets, fetchGroupMembers } from '../../../packages/kafka/consumer-groups.ts';
import { checkTopics } from '../../../packages/kafka/topics.ts';
import type { GroupMember } from '../../../packages/projections/operator-log.ts';
import { consumerGroupOf, pubsubOf, readComponents, readResourcesPath } from '../../components.ts';
import { type Deployment, type FoundService, isRunning, usesSidecars } from '../deployment.ts';
import { type Finding, ok, problem, skipped, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

const kafkaRemedy = 'npm run stack -- up kafka';

/** Where the log is, if it is not in Kafka; `unknown` while no service says which it uses. */
type OtherLog = 'embedded' | 'other broker' | 'unknown';

/** The log of the running services; `other broker` if the component of the CRM is not Kafka. */
const findOtherLog = (deployment: Deployment): OtherLog | undefined => {
  const sidecars = usesSidecars(deployment);
  if (!sidecars) return sidecars === false ? 'embedded' : 'unknown';
  const crm = deployment.services.find(({ id }) => id === 'crm');
  const pubsub = readComponents(readResourcesPath(deployment.env)).find(({ name }) => name === crm?.config.pubsub);
  return pubsub && pubsub.type !== 'pubsub.kafka' ? 'other broker' : undefined;
};

const reasons: Readonly<Record<OtherLog, string>> = {
  embedded: 'the log is a file of npm start, which has every topic as declared, and groups without members',
  'other broker': 'the components use a broker without partitions and offsets',
  unknown: 'no service that uses Kafka answers',
};

type TopicFacts =
  | OtherLog
  | { readonly kind: 'checked'; readonly count: number; readonly warnings: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

export const assessTopics = (facts: TopicFacts): readonly Finding[] => {
  if (typeof facts === 'string') return [skipped(reasons[facts])];
  if (facts.kind === 'failed') return [problem(facts.message, kafkaRemedy)];
  if (facts.warnings.length > 0) return facts.warnings.map((message) => warning(message, kafkaRemedy));
  return [ok(`${facts.count} topics exist with partitions, size limit and compaction as declared`)];
};

const readTopics = async (deployment: Deployment): Promise<TopicFacts> => {
  const otherLog = findOtherLog(deployment);
  if (otherLog) return otherLog;
  const declared = Object.values(allTopics);
  return checkTopics(parseKafkaBrokers(deployment.env), declared).then(
    (warnings) => ({ kind: 'checked', count: declared.length, warnings }),
    (error: Error) => ({ kind: 'failed', message: error.message }),
  );
};

export const topics = createCheck({ name: 'topics', remedy: kafkaRemedy }, readTopics, assessTopics);

export type GroupFacts = {
  readonly service: string;
  readonly id: string;
  /** The group that the running service reports. */
  readonly configured: string;
  /** The group in the YAML of its component, in which its sidecar is a member. */
  readonly group: string;
  readonly clientId: string;
  readonly members: readonly GroupMember[];
  /** Whether the group has ever committed an offset. */
  readonly hasCommitted: boolean;
};

export const assessGroups = (groups: readonly GroupFacts[] | OtherLog): readonly Finding[] => {
  if (typeof groups === 'string') return [skipped(reasons[groups])];
  if (groups.length === 0) return [skipped('no service that consumes from Kafka answers')];
  return groups.flatMap(assessGroup);
};

const assessGroup = ({
  service,
  id,
  configured,
  group,
  clientId,
  members,
  hasCommitted,
}: GroupFacts): readonly Finding[] => {
  const others = members.filter((member) => member.clientId !== clientId);
  const own = members.length - others.length;
  const findings = [
    ...(configured === group
      ? []
      : [
          problem(
            `the ${service} is configured with the consumer group ${configured}, but its component has ${group}`,
            `CONSUMER_GROUP=${group} npm run lab -- start ${id}`,
          ),
        ]),
    ...(own === 0
      ? [
          problem(
            `the consumer group ${group} ${hasCommitted ? 'has no member' : 'does not exist'}, so the ${service} gets no events`,
            `npm run lab -- stop ${id}, then npm run lab -- start ${id}`,
          ),
        ]
      : []),
    ...others.map(({ clientId: other, host }) =>
      problem(
        `${other} (${host}) is a member of the consumer group ${group}, so it takes events of the ${service}`,
        `stop that program, or give it another group; npm run consumer-group -- describe --group ${group}`,
      ),
    ),
  ];
  if (findings.length > 0) return findings;
  return [ok(`the consumer group ${group} has ${own} member${own === 1 ? '' : 's'}, all of the ${service}`)];
};

const readGroups = async (deployment: Deployment): Promise<Parameters<typeof assessGroups>[0]> => {
  const otherLog = findOtherLog(deployment);
  if (otherLog) return otherLog;
  return Promise.all(deployment.services.filter(isRunning).flatMap(readGroup));
};

const readGroup = ({ consumerId, env, address, config, statuses, views }: FoundService): Promise<GroupFacts>[] => {
  if (!consumerId) return [];
  const components = readComponents(readResourcesPath(env));
  const pubsub = pubsubOf(consumerId, env, components);
  const group = consumerGroupOf(consumerId, { ...env, CONSUMER_GROUP: '' }, components);
  const brokers = parseKafkaBrokers(env);
  const read = async () => {
    const [topic = ''] = views.map(({ projection }) => projection.topic.name);
    const [members, committed] = await Promise.all([
      fetchGroupMembers(brokers, group, topic, serviceLimits),
      fetchCommittedOffsets(brokers, group, topic, useNewAdmin(brokers, serviceLimits)),
    ]);
    const reported = statuses.flatMap(({ answer }) =>
      answer.kind === 'answered' ? [answer.body.consumerGroup] : [],
    )[0];
    return {
      service: address.name,
      id: consumerId,
      configured: String(reported ?? config.consumerGroup),
      group,
      clientId: pubsub?.metadata.clientID ?? consumerId,
      members,
      hasCommitted: committed.size > 0,
    };
  };
  return [read()];
};

export const groups = createCheck({ name: 'consumer groups', remedy: kafkaRemedy }, readGroups, assessGroups);
