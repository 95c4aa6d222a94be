import fc from 'fast-check';
import { expect, it } from 'vitest';
import { mandateChangedEvent } from '../../contracts/connection-mandate.ts';
import { seededRandom, withStoreFaults } from '../../lib/embedded/faults.ts';
import { openEmbeddedPlatform } from '../../lib/embedded/platform.ts';
import type { BatchHandler, DeliveredRecord, EventBus } from '../../lib/event-bus.ts';
import { startProjection } from '../../lib/projection/projection.ts';
import { openView } from '../../lib/projection/view.ts';
import { noon, testWorld } from '../../tests/test-world.ts';
import type { Mandate } from './mandate.ts';
import { mandates } from './materialise.ts';

type Change = { connectionId: string; connectionMandate: '0' | '1' | '2'; revision: number };

const changes = fc.array(
  fc.record<Change>({
    connectionId: fc.constantFrom('A', 'B', 'C'),
    connectionMandate: fc.constantFrom('0', '1', '2'),
    revision: fc.integer({ min: noon, max: noon + 5 }),
  }),
  { minLength: 1, maxLength: 12 },
);
/** The same changes in another order, some of them more than once, in batches of another size, on a store that fails. */
const deliveries = changes.chain((all) =>
  fc.record({
    all: fc.constant(all),
    indices: fc
      .array(fc.nat(all.length - 1), { maxLength: 20 })
      .chain((again) => fc.shuffledSubarray([...all.keys(), ...again], { minLength: all.length + again.length })),
    batchSize: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(),
  }),
);

const record = (change: Change, offset: number): DeliveredRecord => {
  const event = mandateChangedEvent(change, { id: 'x', revision: change.revision, time: new Date(noon) });
  return {
    topic: 'connection-mandates-topic',
    partition: 0,
    offset,
    timestamp: noon,
    value: Buffer.from(JSON.stringify(event)),
  };
};

/** What a person would say: of each connection the last revision, and of that the lowest level. */
const expected = (all: Change[]) =>
  Object.fromEntries(
    [...new Set(all.map(({ connectionId }) => connectionId))].map((id) => {
      const own = all.filter(({ connectionId }) => connectionId === id);
      const revision = Math.max(...own.map((change) => change.revision));
      const levels = own.filter((change) => change.revision === revision).map((change) => change.connectionMandate);
      return [id, { revision, connectionMandate: levels.sort()[0] }];
    }),
  );

it('the view is the same whatever the order, the multiplicity and the batches of its events', () =>
  fc.assert(
    fc.asyncProperty(deliveries, async ({ all, indices, batchSize, seed }) => {
      const store = openEmbeddedPlatform(':memory:', []).stateStore('statestore');
      let deliver: BatchHandler = async () => [];
      const bus = {
        subscribe: async (_topic: string, handler: BatchHandler) => {
          deliver = handler;
          return { close: async () => {} };
        },
      } as unknown as EventBus;
      await startProjection(mandates, { ...testWorld(), bus, store: withStoreFaults(store, seededRandom(seed)) });

      const records = indices.map((index) => record(all[index] as Change, index));
      for (let from = 0; from < records.length; from += batchSize) {
        let left = records.slice(from, from + batchSize);
        while (left.length > 0) {
          const verdicts = await deliver(left);
          left = left.filter((_, i) => verdicts[i] !== 'done');
        }
      }

      const view = openView<Mandate>(mandates, store);
      for (const [connectionId, mandate] of Object.entries(expected(all)))
        expect(await view.get(connectionId)).toMatchObject(mandate);
      expect((await view.completeness()).state).toBe('complete');
    }),
    { numRuns: 200 },
  ));
