import { describe, expect, it } from 'vitest';
import { parseConnectionMandate } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import { createChange, createMessage, lastChanges, type Work } from './work.ts';

const partitions = 4;
const timestamp = Date.UTC(2026, 10, 21);
const many: Work = { seed: 7, events: 1_000, keys: 100 };
const messagesOf = (work: Work) => Array.from({ length: work.events }, (_, i) => createMessage(work, i, partitions));

describe('the work of the benchmark', () => {
  it('is the same for the same seed, and different for another seed', () => {
    expect(messagesOf(many)).toEqual(messagesOf({ ...many }));
    expect(messagesOf(many)).not.toEqual(messagesOf({ ...many, seed: 8 }));
  });

  it('consists of events that the IoT platform applies', () => {
    const read = messagesOf(many).map(({ value }) => parseConnectionMandate({ value: Buffer.from(value), timestamp }));
    const expected = messagesOf(many).map((_, i) => createChange(many, i));
    expect(read.map(({ data, revision }) => ({ ...data, revision }))).toEqual(expected);
  });

  it('changes every key, and has as many keys as events where all are distinct', () => {
    expect(lastChanges(many).size).toBe(100);
    expect(lastChanges({ ...many, keys: many.events }).size).toBe(1_000);
  });

  it('knows the last change of every key', () => {
    const last = lastChanges(many);
    const applied = new Map(messagesOf(many).map(({ key, value }) => [key, value]));
    const shown = [...applied].map(([key, value]) => [
      key,
      parseConnectionMandate({ value: Buffer.from(value), timestamp }).revision,
    ]);
    expect([...last].map(([key, { revision }]) => [key, revision])).toEqual(shown);
  });

  it('keeps each key in one partition, and uses all partitions', () => {
    const partitionOfKey = new Map(messagesOf(many).map(({ key, partition }) => [key, partition]));
    expect(messagesOf(many).every(({ key, partition }) => partitionOfKey.get(key) === partition)).toBe(true);
    expect(new Set(partitionOfKey.values())).toEqual(new Set([0, 1, 2, 3]));
  });

  it('chooses the partition of a key as the sidecar does', () => {
    // The hash partitioner of Sarama: FNV-1a with 32 bits, as a signed number.
    const distinct: Work = { seed: 1, events: 6, keys: 6 };
    expect(messagesOf(distinct).map(({ partition }) => partition)).toEqual([0, 3, 2, 1, 0, 3]);
  });
});
