import { setTimeout as delay } from 'node:timers/promises';
import type { EmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { withAdmin } from '../../packages/kafka/client.ts';
import { committedOffsets } from '../../packages/kafka/consumer-group.ts';
import type { PartitionRange } from '../../packages/projections/log-reader.ts';

type Offsets = ReadonlyMap<number, number>;

/** Consumer groups of a log, as the command needs them. */
export type ConsumerGroups = {
  /** By partition the offset behind what the group has committed. */
  committed(group: string, topic: string): Promise<Offsets>;
  /** By partition the first record of that time or later; nothing where there is none. @param time in ms since 1970 */
  offsetsAt(topic: string, time: number, ranges: readonly PartitionRange[]): Promise<Offsets>;
  /** @throws Error when the group has live members, naming them */
  reset(group: string, topic: string, goals: Offsets, say: (line: string) => void): Promise<void>;
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

/** The embedded bus has no members to wait for: a service that runs reads from the new offsets at once. */
export const embeddedGroups = (platform: EmbeddedPlatform): ConsumerGroups => ({
  committed: async (group, topic) => platform.consumerGroup(group).committed(topic),

  offsetsAt: async (topic, time, ranges) => {
    const found = new Map<number, number>();
    await platform.logReader().read(topic, ranges, async ({ partition, records }) => {
      const first = records.find(({ timestamp }) => timestamp >= time)?.offset;
      if (first !== undefined && !found.has(partition)) found.set(partition, first);
    });
    return found;
  },

  reset: (group, topic, goals) => platform.consumerGroup(group).reset(topic, goals),
});
