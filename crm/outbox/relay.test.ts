import { afterEach, describe, expect, it } from 'vitest';
import type { Codec } from '../../contracts/codec.ts';
import { topics } from '../../contracts/topics.ts';
import { type EventBus, NotDurable, type OutgoingEvent } from '../../packages/projections/event-bus.ts';
import type { MonotonicClock } from '../../packages/runtime/lease.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { appendToOutbox, readOutboxBacklog } from './outbox.ts';
import { type Relay, startRelay } from './relay.ts';
import { createRelayLease, readRelayLease } from './relay-lease.ts';

let relay: Relay | undefined;
afterEach(async () => {
  await relay?.close(0);
});

const startTestRelay = async (
  publish: (events: readonly OutgoingEvent[]) => Promise<void>,
  waiting = 3,
  options: {
    leaseMs?: number;
    pollIntervalMs?: number;
    clock?: MonotonicClock;
    codecOf?: (topic: string) => Codec;
  } = {},
) => {
  const db = await openTestDatabase();
  const put = (...ids: string[]) =>
    db.transaction().execute((trx) =>
      appendToOutbox(
        trx,
        ids.map((id) => ({ topic: topics.connectionMandates, id, key: `key of ${id}`, event: { id } })),
        1_000,
      ),
    );
  await put(...Array.from({ length: waiting }, (_, n) => `event-${n}`));
  const attempts: string[][] = [];
  const bus = {
    publish: async (_topic: string, events: readonly OutgoingEvent[]) => {
      attempts.push(events.map(({ id }) => id));
      await publish(events);
    },
  } as unknown as EventBus;
  relay = startRelay({ ...createTestRuntime(), db, bus, ...options });
  const relayedBy = async () => (await readRelayLease(db))?.holder ?? null;
  return { db, put, attempts, relay, relayedBy };
};
const empty = { waiting: 0, since: null };

describe('the relay', () => {
  it('publishes waiting events in order and with their keys, and empties the outbox', async () => {
    const published: OutgoingEvent[] = [];
    const { db } = await startTestRelay(async (events) => void published.push(...events));
    await eventually(async () => expect(await readOutboxBacklog(db)).toEqual(empty));
    expect(published).toEqual(
      [0, 1, 2].map((n) => ({ id: `event-${n}`, key: `key of event-${n}`, value: Buffer.from(`{"id":"event-${n}"}`) })),
    );
  });

  it('publishes exactly the bytes that the topic’s codec encoded', async () => {
    const published: OutgoingEvent[] = [];
    const bytes = Buffer.from([0x00, 0xff, 0xc3, 0x28]);
    const codec = { contentType: 'application/octet-stream', encode: () => bytes, decode: () => ({}) };
    const { put, relay } = await startTestRelay(async (events) => void published.push(...events), 0, {
      codecOf: () => codec,
    });
    await put('x');
    relay.wake();
    await eventually(() => expect(published).toEqual([{ id: 'x', key: 'key of x', value: bytes }]));
  });

  it('publishes an event at once when it is woken after a commit', async () => {
    const pollIntervalMs = 60 * 60 * 1_000;
    const { put, attempts, relay } = await startTestRelay(async () => {}, 0, { pollIntervalMs });
    for (const [n, id] of ['first', 'second'].entries()) {
      await put(id);
      relay.wake();
      await eventually(() => expect(attempts).toHaveLength(n + 1));
    }
    expect(attempts).toEqual([['first'], ['second']]);
  });

  it('publishes the same ids again until the bus is back, and loses none', async () => {
    let failing = 3;
    const { db, attempts } = await startTestRelay(async () => {
      if (failing-- > 0) throw new Error('the broker is unavailable');
    });
    await eventually(async () => expect(await readOutboxBacklog(db)).toEqual(empty));
    expect(attempts).toEqual(Array(4).fill(['event-0', 'event-1', 'event-2']));
  });

  it('deletes the acknowledged rows of a batch, and publishes only the others again', async () => {
    let first = true;
    const { db, attempts } = await startTestRelay(async () => {
      if (first) {
        first = false;
        throw new NotDurable(['event-1'], 'one partition is unavailable');
      }
    });
    await eventually(async () => expect(await readOutboxBacklog(db)).toEqual(empty));
    expect(attempts).toEqual([['event-0', 'event-1', 'event-2'], ['event-1']]);
  });

  it('skips events that cannot be published now, so that they do not block the others', async () => {
    const refused = (id: string) => Number(id.split('-')[1]) < 700;
    const { db } = await startTestRelay(async (events) => {
      const ids = events.map(({ id }) => id).filter(refused);
      if (ids.length > 0) throw new NotDurable(ids, 'their partition is unavailable');
    }, 701);
    await eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 700 }));
  });

  it('publishes an event that commits late with a lower sequence number than the published ones', async () => {
    const { db, put, attempts, relay } = await startTestRelay(async () => {}, 3);
    await eventually(async () => expect(await readOutboxBacklog(db)).toEqual(empty));
    await put('late');
    await db.updateTable('outbox').set({ sequence: 2 }).execute();
    relay.wake();
    await eventually(async () => expect(await readOutboxBacklog(db)).toEqual(empty));
    expect(attempts.at(-1)).toEqual(['late']);
  });

  it('relays only in the instance that holds the lease, and in another one after that has closed', async () => {
    const { put, attempts, relay: first, db, relayedBy } = await startTestRelay(async () => {}, 1);
    await eventually(async () => expect(await readOutboxBacklog(db)).toEqual(empty));
    expect(await relayedBy()).toBe(first.holder);
    const alsoPublished: string[] = [];
    const bus = {
      publish: async (_: string, events: OutgoingEvent[]) => alsoPublished.push(...events.map((e) => e.id)),
    };
    const second = startRelay({ ...createTestRuntime(), newId: () => 'second', db, bus: bus as unknown as EventBus });
    await put('a');
    second.wake();
    await eventually(() => expect(attempts.flat()).toContain('a'));
    await first.close(0);
    expect(await relayedBy()).toBeNull();
    await put('b');
    await eventually(() => expect(alsoPublished).toEqual(['b']));
    expect(await relayedBy()).toBe('second');
    await second.close(0);
  });

  it('releases the lease when the outbox stays empty, and acquires it again for the next event', async () => {
    const { db, put, attempts, relay, relayedBy } = await startTestRelay(async () => {}, 1, { leaseMs: 400 });
    await eventually(() => expect(attempts).toHaveLength(1));
    await eventually(async () => expect(await relayedBy()).toBeNull());
    // Another instance can acquire the lease without waiting.
    expect(await createRelayLease({ ...createTestRuntime(), db, holder: 'another' }).acquire()).toBe(true);
    await db.deleteFrom('relayLease').execute();
    await put('next');
    relay.wake();
    await eventually(() => expect(attempts.at(-1)).toEqual(['next']));
    expect(await relayedBy()).toBe(relay.holder);
  });

  it('releases the lease while its bus is unavailable, so that an instance with a working bus relays', async () => {
    const { db, attempts, relayedBy } = await startTestRelay(
      () => Promise.reject(new Error('the broker is unavailable')),
      3,
      {
        leaseMs: 400,
      },
    );
    await eventually(() => expect(attempts.length).toBeGreaterThan(1));
    const published: string[] = [];
    const bus = { publish: async (_: string, events: OutgoingEvent[]) => published.push(...events.map((e) => e.id)) };
    const second = startRelay({ ...createTestRuntime(), newId: () => 'second', db, bus: bus as unknown as EventBus });
    await eventually(() => expect(published).toEqual(['event-0', 'event-1', 'event-2']));
    expect(await relayedBy()).toBe('second');
    await second.close(0);
  });

  it('takes over from a killed instance after one lease duration', async () => {
    const leaseMs = 400;
    let now = 0;
    let readings = 0;
    const clock = () => {
      readings++;
      return now;
    };
    const options = { leaseMs, pollIntervalMs: 5, clock };
    const { db, put, attempts, relay, relayedBy } = await startTestRelay(async () => {}, 0, options);
    const killed = createRelayLease({ ...createTestRuntime(), db, holder: 'killed' });
    expect(await killed.acquire()).toBe(true);
    await put('a');
    relay.wake();
    /** Every poll reads the clock several times. */
    const pollTwiceAfter = async (ms: number) => {
      now += ms;
      const before = readings;
      await eventually(() => expect(readings).toBeGreaterThan(before + 10));
    };
    await pollTwiceAfter(0);
    for (let eighth = 1; eighth < 8; eighth++) await pollTwiceAfter(leaseMs / 8);
    expect(attempts).toEqual([]);
    await pollTwiceAfter(leaseMs / 8);
    await eventually(() => expect(attempts).toEqual([['a']]));
    // A late release by the former holder has no effect.
    await killed.release();
    expect(await relayedBy()).toBe(relay.holder);
  });

  it('publishes all waiting events when it is closed', async () => {
    const { db, relay, attempts } = await startTestRelay(async () => {}, 1200);
    await relay.close(5_000);
    expect(await readOutboxBacklog(db)).toEqual(empty);
    expect(attempts.flat()).toHaveLength(1200);
  });

  it('does not wait for a bus that is unavailable when it is closed', async () => {
    const { db, relay } = await startTestRelay(() => Promise.reject(new Error('the broker is unavailable')));
    await relay.close(5_000);
    expect(await readOutboxBacklog(db)).toEqual({ waiting: 3, since: new Date(1_000).toISOString() });
  });
});
