import { setTimeout as delay } from 'node:timers/promises';
import type { Admin } from 'kafkajs';
import type { ConsumerGroups } from '../projections/consumer-groups.ts';
import { type AskLimits, withAdmin } from './client.ts';

/** By partition the offset behind what the group has committed to Kafka. */
export const committedOffsets = (
  brokers: readonly string[],
  groupId: string,
  topic: string,
  limits?: AskLimits,
): Promise<ReadonlyMap<number, number>> => {
  const fetch = async (admin: Admin) => {
    // kafkajs finds the group's coordinator only once it has the metadata of some topic.
    await admin.fetchTopicMetadata({ topics: [topic] });
    const [held] = await admin.fetchOffsets({ groupId, topics: [topic] });
    // Where nothing is committed the offset is -1.
    const committed = (held?.partitions ?? []).filter(({ offset }) => Number(offset) >= 0);
    return new Map(committed.map(({ partition, offset }) => [partition, Number(offset)]));
  };
  return withAdmin(brokers, fetch, limits);
};

/** A broker gives up a member that it has not heard from for ten seconds. */
const memberExpiresAfterMs = 12_000;

export const kafkaGroups = (brokers: readonly string[]): ConsumerGroups => ({
  committed: (group, topic) => committedOffsets(brokers, group, topic),

  offsetsAt: (topic, time) =>
    withAdmin(brokers, async (admin) => {
      const found = await admin.fetchTopicOffsetsByTimestamp(topic, time);
      const offsets = found.map(({ partition, offset }) => [partition, Number(offset)] as const);
      return new Map(offsets.filter(([, offset]) => offset >= 0));
    }),

  reset: (group, topic, goals, say) =>
    withAdmin(brokers, async (admin) => {
      const deadline = performance.now() + memberExpiresAfterMs;
      for (let hasSaid = false; ; hasSaid = true) {
        const members = (await admin.describeGroups([group])).groups[0]?.members ?? [];
        if (members.length === 0) break;
        const names = members.map(({ clientId, clientHost }) => `${clientId} (${clientHost})`).join(', ');
        if (performance.now() > deadline)
          throw new Error(
            `The group ${group} has live members: ${names}. Stop them and their sidecars, then try again.`,
          );
        if (!hasSaid) say(`Waiting for members to leave or to be given up by the broker: ${names}`);
        await delay(500);
      }
      const partitions = [...goals].map(([partition, offset]) => ({ partition, offset: String(offset) }));
      await admin.setOffsets({ groupId: group, topic, partitions });
    }),
});
