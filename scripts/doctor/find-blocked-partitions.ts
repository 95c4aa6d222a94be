import { setTimeout as delay } from 'node:timers/promises';
import type { Codec } from '../../contracts/codec.ts';
import { serviceLimits, withAdmin } from '../../packages/kafka/client.ts';
import { createKafkaLogReader } from '../../packages/kafka/log-reader.ts';

/** A consumer group that does not get past a record, because its sidecar cannot decode it. */
export type BlockedPartition = {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Why the record cannot be decoded. */
  readonly reason: string;
};

type Place = Omit<BlockedPartition, 'reason'>;

/** A group that moves commits within this time; a sidecar repeats a record that it cannot decode without end. */
const blockedForMs = 1_000;

/** Finds the groups on the topic whose next record cannot be decoded, and which do not move. */
export const findBlockedPartitions = async (
  brokers: readonly string[],
  { topic, codec, newId }: { topic: string; codec: Codec; newId: () => string },
): Promise<BlockedPartition[]> => {
  const reader = createKafkaLogReader(brokers, { newId });
  const places = await listNextPlaces(brokers, topic);
  if (places.length === 0) return [];
  await delay(blockedForMs);
  const still = new Set((await listNextPlaces(brokers, topic)).map(formatPlace));
  const blocked = await Promise.all(
    places
      .filter((place) => still.has(formatPlace(place)))
      .map(async (place) => {
        const { partition, offset } = place;
        let reason: string | undefined;
        await reader.read(topic, [{ partition, begin: offset, end: offset + 1 }], async ({ records }) => {
          for (const { value } of records) reason = await findReason(codec, value);
        });
        return reason === undefined ? [] : [{ ...place, reason }];
      }),
  );
  return blocked.flat();
};

const formatPlace = ({ group, partition, offset }: Place) => `${group} ${partition} ${offset}`;

/** The next offset of each group and partition with lag. */
const listNextPlaces = (brokers: readonly string[], topic: string): Promise<Place[]> =>
  withAdmin(
    brokers,
    async (admin) => {
      const ends = new Map((await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, high]));
      const { groups } = await admin.listGroups();
      const places: Place[] = [];
      for (const { groupId: group } of groups) {
        const [committed] = await admin.fetchOffsets({ groupId: group, topics: [topic] });
        for (const { partition, offset } of committed?.partitions ?? [])
          if (Number(offset) >= 0 && Number(offset) < Number(ends.get(partition)))
            places.push({ group, topic, partition, offset: Number(offset) });
      }
      return places;
    },
    serviceLimits,
  );

/** Why the value is not an event in this encoding; undefined if it is. @throws Error if the registry does not answer */
const findReason = async (codec: Codec, value: Buffer): Promise<string | undefined> => {
  await codec.prepareToDecode?.([value]);
  try {
    codec.decode(value);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
};
