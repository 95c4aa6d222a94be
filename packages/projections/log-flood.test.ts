import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { things } from '../../tests/things.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import type { BatchHandler, DeliveredRecord, EventBus, OutgoingEvent } from './event-bus.ts';
import { startProjection } from './projection.ts';
import type { StateStore } from './state-store.ts';

/** Starts a projection; the test makes its deliveries. */
const startThings = async (changes: { bus?: Partial<EventBus>; store?: Partial<StateStore> } = {}) => {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ base: null, timestamp: false }, { write: (line) => void lines.push(JSON.parse(line)) });
  const deadLetters: OutgoingEvent[] = [];
  const requests: number[] = [];
  let deliver: BatchHandler | undefined;
  const bus: EventBus = {
    publish: async (_, events) => {
      requests.push(events.length);
      deadLetters.push(...events);
    },
    subscribe: async (_, handler) => {
      deliver = handler;
      return { close: async () => {} };
    },
    committedOffsets: async () => new Map(),
    check: async () => {},
    ...changes.bus,
  };
  const store = { ...openEmbeddedPlatform(':memory:', []).stateStore('statestore'), ...changes.store };
  await startProjection(things, { ...createTestRuntime(), log, bus, store });
  return { deliver: deliver as BatchHandler, lines, deadLetters, requests };
};

const batchOf = (many: number, value: string): DeliveredRecord[] =>
  Array.from({ length: many }, (_, offset) => ({
    topic: 'things-topic',
    partition: 0,
    offset,
    timestamp: 0,
    key: 'k',
    value: Buffer.from(value),
  }));

it('ten thousand poison records become ten thousand dead letters and a handful of log lines with partition, offset and reason', async () => {
  const { deliver, lines, deadLetters, requests } = await startThings();
  const verdicts = await deliver(batchOf(10_000, 'poison'));
  expect(new Set(verdicts)).toEqual(new Set(['done']));
  expect(new Set(deadLetters.map(({ id }) => id)).size).toBe(10_000);
  // The process does other work between two publishes.
  expect(Math.max(...requests)).toBeLessThanOrEqual(1_000);
  expect(lines.length).toBeLessThan(10);
  expect(lines[0]).toEqual({
    level: 40,
    topic: 'things-topic',
    partition: 0,
    offset: 0,
    reason: expect.any(String),
    msg: 'record dead-lettered',
  });
});

it.each([
  ['store', { store: { getMany: () => Promise.reject(new Error('away')) } }],
  ['broker', { bus: { publish: () => Promise.reject(new Error('away')) } }],
])('an unavailable %s causes a handful of log lines, however often the sidecar delivers', async (_, changes) => {
  const { deliver, lines } = await startThings(changes);
  for (let n = 0; n < 100; n++) expect(await deliver(batchOf(2, 'poison'))).toEqual(['retry', 'retry']);
  expect(lines.length).toBeLessThan(10);
  expect(lines[0]).toMatchObject({ msg: 'view not written, will retry', records: 2 });
});
