import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { ConsumerGroups } from '../projections/consumer-groups.ts';
import type { GroupMember } from '../projections/operator-log.ts';
import { type RequestLimits, type UseAdmin, useNewAdmin, withAdmin } from './client.ts';

/** kafkajs finds the coordinator of a group only after it has the metadata of a topic. */
const findBrokers = (admin: Admin, topic: string) => admin.fetchTopicMetadata({ topics: [topic] });

/** Per partition the offset that the group has committed, which is the next offset to read. */
export const fetchCommittedOffsets = (
  brokers: readonly string[],
  groupId: string,
  topic: string,
  useAdmin: UseAdmin = useNewAdmin(brokers),
): Promise<ReadonlyMap<number, number>> =>
  useAdmin(async (admin) => {
    await findBrokers(admin, topic);
    const [result] = await admin.fetchOffsets({ groupId, topics: [topic] });
    // -1 means that nothing is committed.
    const committed = (result?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
    return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
  });

/** The members of a group; empty if the group does not exist. `topic` is one that exists. */
export const fetchGroupMembers = (
  brokers: readonly string[],
  groupId: string,
  topic: string,
  limits?: RequestLimits,
): Promise<readonly GroupMember[]> =>
  withAdmin(
    brokers,
    async (admin) => {
      await findBrokers(admin, topic);
      const { groups } = await admin.describeGroups([groupId]);
      return (groups[0]?.members ?? []).map(({ clientId, clientHost }) => ({ clientId, host: clientHost }));
    },
    limits,
  );

/** A broker removes a member that has sent no heartbeat for ten seconds. */
const memberExpiresAfterMs = 12_000;

/** The consumer groups of Kafka. `reset` waits up to 12 seconds until the group has no members. */
export const createKafkaConsumerGroups = (brokers: readonly string[]): ConsumerGroups => ({
  committed: (group, topic) => fetchCommittedOffsets(brokers, group, topic),

  offsetsAt: (topic, time) =>
    withAdmin(brokers, async (admin) => {
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, time);
      const offsets = found.map(({ partition, offset }) => [partition, Number(offset)] as const);
      return new Map(offsets.filter(([, offset]) => offset >= 0));
    }),

  reset: (group, topic, targets, report) =>
    withAdmin(brokers, async (admin) => {
      const deadline = performance.now() + memberExpiresAfterMs;
      for (let hasReported = false; ; hasReported = true) {
        const members = (await admin.describeGroups([group])).groups[0]?.members ?? [];
        if (members.length === 0) break;
        const names = members.map(({ clientId, clientHost }) => `${clientId} (${clientHost})`).join(', ');
        if (performance.now() > deadline)
          throw new Error(
            `The group ${group} has live members: ${names}. Stop them and their sidecars, then try again.`,
          );
        if (!hasReported) report(`Waiting until these members leave or their session expires: ${names}`);
        await delay(500);
      }
      const partitions = [...targets].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await admin.setOffsets({ groupId: group, topic, partitions });
    }),
});
