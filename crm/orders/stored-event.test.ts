import { expect, it } from 'vitest';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { appendEvents, emptyStream } from './event-store/index.ts';
import golden from './golden-log.json' with { type: 'json' };
import { loadOrder } from './load-order.ts';
import { fromStoredEvent } from './stored-event.ts';

/** golden-log.json is what earlier releases stored. It may grow, but nothing in it may change. */
it.each(golden)('a stream that an earlier release stored is still read: $title', async ({ stream, events, states }) => {
  const db = await openTestDatabase();
  for (const [n, event] of events.entries())
    await db.transaction().execute((trx) => {
      const before = events[n - 1];
      const end = before ? { version: n, recordedAt: before.recordedAt } : emptyStream;
      return appendEvents(trx, stream, end, [event], { now: event.recordedAt, metadata: event.metadata });
    });
  for (const [n, state] of states.entries())
    expect((await loadOrder(db, stream, { version: n + 1 }))?.order).toEqual(state);
  expect(states).toHaveLength(events.length);
});

it('the golden log has every stored type', () => {
  const types = new Set(golden.flatMap(({ events }) => events.map(({ type }) => type)));
  expect([...types].sort()).toEqual([
    'OrderCancelled.v1',
    'OrderCreated.v1',
    'OrderCreated.v2',
    'OrderDelivered.v1',
    'OrderRejected.v1',
    'OrderShipped.v1',
    'OrderUpdated.v1',
  ]);
});

it.each([
  'OrderCreated.v3',
  'OrderLost.v1',
  'constructor',
])('an event of an unknown type is never skipped: %s', (type) =>
  expect(() => fromStoredEvent({ type, data: {} })).toThrow(`does not know the event ${type}`));
