import { describe, expect, it } from 'vitest';
import { parseConnectionMandate } from '../contracts/events/connection-mandate-changed/upcasters.ts';
import { changeAt, lastChanges, messageAt, type Work } from './work.ts';

const partitions = 4;
const timestamp = Date.UTC(2026, 10, 21);
const many: Work = { seed: 7, events: 1_000, keys: 100 };
const messagesOf = (work: Work) => Array.from({ length: work.events }, (_, i) => messageAt(work, i, partitions));

describe('the work of the benchmark', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(messagesOf(many)).toEqual(messagesOf({ ...many }));
    expect(messagesOf(many)).not.toEqual(messagesOf({ ...many, seed: 8 }));
  });

  it('consists of events that the IoT platform applies', () => {
    const read = messagesOf(many).map(({ value }) => parseConnectionMandate({ value: Buffer.from(value), timestamp }));
    const expected = messagesOf(many).map((_, i) => changeAt(many, i));
    expect(read.map(({ data, revision }) => ({ ...data, revision }))).toEqual(expected);
  });

  it('touches every key, and as many as it has events where all are distinct', () => {
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
    const placed = new Map(messagesOf(many).map(({ key, partition }) => [key, partition]));
    expect(messagesOf(many).every(({ key, partition }) => placed.get(key) === partition)).toBe(true);
    expect(new Set(placed.values())).toEqual(new Set([0, 1, 2, 3]));
  });

  it('puts a key where the sidecar puts it', () => {
    // As Sarama's hash partitioner places them: FNV-1a, 32 bits, as a signed number.
    const distinct: Work = { seed: 1, events: 6, keys: 6 };
    expect(messagesOf(distinct).map(({ partition }) => partition)).toEqual([0, 3, 2, 1, 0, 3]);
  });
});
