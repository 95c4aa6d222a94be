import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createMandateChangedEvent } from '../../contracts/events/connection-mandate-changed/schema.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import type { BatchHandler, DeliveredRecord, EventBus } from '../../packages/projections/event-bus.ts';
import { createSeededRandom, withStoreFaults } from '../../packages/projections/faults.ts';
import { startProjection } from '../../packages/projections/projection.ts';
import { openView } from '../../packages/projections/view.ts';
import type { DomainError } from '../../packages/runtime/domain-error.ts';
import { createTestRuntime, noon } from '../../tests/test-runtime.ts';
import { type Mandate, revisionOf } from './mandate.ts';
import { mandates } from './materialise.ts';

/** A record of the log: an event with a revision, or a payload without one. */
type Change = { connectionId: string; connectionMandate: '0' | '1' | '2'; revision: number };

const changes = (revisions: fc.Arbitrary<number>) =>
  fc.array(
    fc.record<Change>({
      connectionId: fc.constantFrom('A', 'B', 'C'),
      connectionMandate: fc.constantFrom('0', '1', '2'),
      revision: revisions,
    }),
    { minLength: 1, maxLength: 12 },
  );
/** The same changes in another order, some of them repeated, in batches of any size, on a store with faults. */
const deliveries = (revisions: fc.Arbitrary<number>) =>
  changes(revisions).chain((all) =>
    fc.record({
      all: fc.constant(all),
      indices: fc
        .array(fc.nat(all.length - 1), { maxLength: 20 })
        .chain((again) => fc.shuffledSubarray([...all.keys(), ...again], { minLength: all.length + again.length })),
      batchSize: fc.integer({ min: 1, max: 8 }),
      seed: fc.nat(),
    }),
  );

/** The times run backwards, because no clock may decide. */
const record = ({ revision, ...data }: Change, offset: number): DeliveredRecord => {
  const event = revision === 0 ? data : createMandateChangedEvent(data, { id: 'x', revision, time: new Date(noon) });
  return {
    topic: 'connection-mandates-topic',
    partition: 0,
    offset,
    timestamp: noon - offset,
    value: Buffer.from(JSON.stringify(event)),
  };
};

const deliver = async (
  records: readonly DeliveredRecord[],
  { batchSize, seed }: { batchSize: number; seed: number },
) => {
  const store = openEmbeddedPlatform(':memory:', []).stateStore('statestore');
  let handle: BatchHandler = async () => [];
  const bus = {
    subscribe: async (_topic: string, handler: BatchHandler) => {
      handle = handler;
      return { close: async () => {} };
    },
    publish: async () => {},
  } as unknown as EventBus;
  await startProjection(mandates, {
    ...createTestRuntime(),
    bus,
    store: withStoreFaults(store, createSeededRandom(seed)),
  });
  for (let from = 0; from < records.length; from += batchSize) {
    let left = records.slice(from, from + batchSize);
    while (left.length > 0) {
      const verdicts = await handle(left);
      left = left.filter((_, i) => verdicts[i] !== 'done');
    }
  }
  return openView<Mandate>(mandates, store);
};

const connectionsIn = (all: readonly Change[]) => [...new Set(all.map(({ connectionId }) => connectionId))];

/** The expected result: per connection the highest revision, and of that the lowest level. */
const expectedByRevision = (all: Change[]) =>
  connectionsIn(all).map((id) => {
    const own = all.filter(({ connectionId }) => connectionId === id);
    const revision = Math.max(...own.map((change) => change.revision));
    const levels = own.filter((change) => change.revision === revision).map((change) => change.connectionMandate);
    return [id, { revision, connectionMandate: levels.sort()[0] }] as const;
  });

it('the view does not depend on order, repetition and batches of its events', () =>
  fc.assert(
    fc.asyncProperty(
      deliveries(fc.integer({ min: noon, max: noon + 5 })),
      async ({ all, indices, batchSize, seed }) => {
        const records = indices.map((index) => record(all[index] as Change, index));
        const view = await deliver(records, { batchSize, seed });
        for (const [connectionId, mandate] of expectedByRevision(all))
          expect(await view.get(connectionId)).toMatchObject(mandate);
        expect((await view.completeness()).state).toBe('complete');
      },
    ),
    { numRuns: 200 },
  ));

/**
 * The expected result: of the events the highest revision at its first offset, of the payloads the last, and of these
 * two the later one.
 */
const expectedByPlace = (all: Change[]) =>
  connectionsIn(all).map((id) => {
    const own = all.map((change, offset) => ({ ...change, offset })).filter(({ connectionId }) => connectionId === id);
    const highest = Math.max(...own.map(({ revision }) => revision));
    const event = highest > 0 ? own.find(({ revision }) => revision === highest) : undefined;
    const payload = own.findLast(({ revision }) => revision === 0);
    const [last] = [event, payload].flatMap((one) => one ?? []).sort((a, b) => b.offset - a.offset);
    return [id, { revision: highest, connectionMandate: last?.connectionMandate }] as const;
  });

it('the view does not depend on them either when payloads without a revision, ordered by offset, are among the events', () => {
  /** One level per revision, because an event that is published again is the same. */
  const levelOf = (revision: number) => String(revision % 3) as Change['connectionMandate'];
  return fc.assert(
    fc.asyncProperty(deliveries(fc.constantFrom(0, 0, 1, 2, 3, 4)), async ({ all, indices, batchSize, seed }) => {
      const log = all.map((change) =>
        change.revision === 0 ? change : { ...change, connectionMandate: levelOf(change.revision) },
      );
      const records = indices.map((index) => record(log[index] as Change, index));
      const view = await deliver(records, { batchSize, seed });
      for (const [connectionId, { revision, connectionMandate }] of expectedByPlace(log)) {
        const held = await view.get(connectionId);
        expect(held?.connectionMandate).toBe(connectionMandate);
        expect(Math.max(held?.revision ?? -1, held?.other?.revision ?? -1)).toBe(revision);
      }
    }),
    { numRuns: 300 },
  );
});

/** A record that cannot be read, an event, or a payload (revision 0). `replays` chooses the earlier record whose place it has. */
type LogRecord = { kind: 'change' | 'unreadable'; connectionMandate: '0' | '1' | '2'; revision: number };
type LogEntry = LogRecord & { partition: 0 | 1; replays: number | undefined };

const logs = fc.array(
  fc
    .record<LogEntry>({
      kind: fc.constantFrom('change', 'change', 'unreadable'),
      connectionMandate: fc.constantFrom('0', '1', '2'),
      revision: fc.constantFrom(0, 1, 2, 3, 4),
      partition: fc.constantFrom(0, 0, 0, 1),
      replays: fc.option(fc.nat(9), { nil: undefined, freq: 3 }),
    })
    // The order of payloads in several partitions is their timestamps, which may contradict the offsets.
    .map((one) => (one.revision === 0 ? { ...one, partition: 0 as const } : one)),
  { minLength: 1, maxLength: 8 },
);
const logsWithOrders = logs.chain((log) =>
  fc.record({
    log: fc.constant(log),
    order: fc
      .array(fc.nat(log.length - 1), { maxLength: 6 })
      .chain((again) => fc.shuffledSubarray([...log.keys(), ...again], { minLength: log.length + again.length })),
    batchSize: fc.integer({ min: 1, max: 4 }),
    seed: fc.nat(),
  }),
);

const toRecords = (log: readonly LogEntry[]): readonly DeliveredRecord[] =>
  log.map(({ kind, partition, replays, ...change }, index) => {
    const offset = log.slice(0, index).filter((one) => one.partition === partition).length;
    const read = record({ connectionId: 'A', ...change }, offset);
    return {
      ...read,
      partition,
      ...(kind === 'unreadable' && { value: Buffer.from('{"connectionId":"A"}') }),
      ...(replays !== undefined && offset > 0 && { replayOf: { partition, offset: replays % offset } }),
    };
  });

const answerOf = async (records: readonly DeliveredRecord[], how: { batchSize: number; seed: number }) => {
  const view = await deliver(records, how);
  return view.get('A').then(
    (mandate) => mandate && { level: mandate.connectionMandate, revision: revisionOf(mandate) },
    ({ code }: DomainError) => code,
  );
};

it('the answer does not depend on them when some records cannot be read, or are replays', () =>
  fc.assert(
    fc.asyncProperty(logsWithOrders, async ({ log, order, ...how }) => {
      const records = toRecords(log);
      const inOrder = await answerOf(records, { batchSize: 1, seed: 1 });
      const delivered = order.map((index) => records[index] as DeliveredRecord);
      expect(await answerOf(delivered, how)).toEqual(inOrder);
    }),
    { numRuns: 200 },
  ));

it('a mandate is shown only if every unreadable record is earlier in its partition, or has a replay that can be read', () =>
  fc.assert(
    fc.asyncProperty(logsWithOrders, async ({ log, order, ...how }) => {
      const records = toRecords(log);
      const answer = await answerOf(
        order.map((index) => records[index] as DeliveredRecord),
        how,
      );
      if (typeof answer !== 'object') return;
      const isReadable = (one: DeliveredRecord) => one.value.toString() !== '{"connectionId":"A"}';
      const place = ({ replayOf, partition, offset }: DeliveredRecord) =>
        [replayOf?.partition ?? partition, replayOf?.offset ?? offset] as const;
      const places = records.filter(isReadable).map(place);
      const replayed = records.filter((one) => one.replayOf && isReadable(one)).map(place);
      for (const [partition, offset] of records.filter((one) => !isReadable(one)).map(place)) {
        const isReplayed = replayed.some((one) => one[0] === partition && one[1] === offset);
        const isBefore = places.some((one) => one[0] === partition && Number(one[1]) > Number(offset));
        expect(isReplayed || isBefore).toBe(true);
      }
    }),
    { numRuns: 200 },
  ));
