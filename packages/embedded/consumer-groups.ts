import type { ConsumerGroups } from '../projections/consumer-groups.ts';
import type { EmbeddedPlatform } from './platform.ts';

/**
 * The consumer groups of the embedded bus. They have no members that a reset would wait for: a running service continues from the new
 * offsets at once.
 */
export const createEmbeddedConsumerGroups = (
  platform: Pick<EmbeddedPlatform, 'consumerGroup' | 'logReader'>,
): ConsumerGroups => ({
  committed: async (group, topic) => platform.consumerGroup(group).committed(topic),

  offsetsAt: async (topic, time, ranges) => {
    const found = new Map<number, number>();
    await platform.logReader().read(topic, ranges, async ({ partition, records }) => {
      const first = records.find(({ timestamp }) => timestamp >= time)?.offset;
      if (first !== undefined && !found.has(partition)) found.set(partition, first);
    });
    return found;
  },

  reset: (group, topic, targets) => platform.consumerGroup(group).reset(topic, targets),
});
