import fc from 'fast-check';
import { DeleteQueryNode, type Kysely } from 'kysely';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import { type EventBus, NotDurable, type OutgoingEvent } from '../../packages/projections/event-bus.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import type { CrmDatabase } from '../database/index.ts';
import { findCodec } from './encode-rows.ts';
import { appendToOutbox, type OutboxEvent, readOutboxBacklog } from './outbox.ts';
import { startRelay } from './relay.ts';
import { publishBatch, readBatch, readLastSequence } from './relay-batch.ts';

let ids = 0;
const append = (db: Kysely<CrmDatabase>, key: string, state: number, topic: OutboxEvent['topic'] = topics.customers) =>
  db.transaction().execute((trx) => appendToOutbox(trx, [{ topic, id: `${++ids}`, key, event: { state } }], 1));
const stateOf = ({ value }: OutgoingEvent): number => JSON.parse(value.toString()).state;
const createBus = (publish: (events: readonly OutgoingEvent[]) => Promise<void>, canCompact?: EventBus['canCompact']) =>
  ({ publish: (_: string, events: readonly OutgoingEvent[]) => publish(events), canCompact }) as unknown as EventBus;

/** Publishes all that waits, `size` rows at a time. @returns the keys whose last states must be repeated */
const relayRound = async (db: Kysely<CrmDatabase>, bus: EventBus, size = 500) => {
  const round = { db, bus, codecOf: findCodec, canCompact: async () => true, failedKeys: new Set<string>() };
  const upTo = (await readLastSequence(db)) ?? 0;
  const overtaken: string[] = [];
  for (let after = 0; after < upTo; ) {
    const rows = await readBatch(db, { after, upTo, size });
    const last = rows.at(-1);
    if (!last) break;
    after = last.sequence;
    const { keys, settle } = await publishBatch(round, rows);
    if (!(await settle())) overtaken.push(...[...keys.values()].flat());
  }
  return overtaken;
};

describe('relaying a compacted topic', () => {
  it('publishes only the last of the waiting states of each key, and deletes the others', async () => {
    const db = await openTestDatabase();
    for (const [key, state] of [
      ['7', 1],
      ['8', 1],
      ['7', 2],
      ['7', 3],
    ] as const)
      await append(db, key, state);
    const published: [string, number][] = [];
    await relayRound(
      db,
      createBus(async (events) => void published.push(...events.map((e) => [e.key, stateOf(e)] as [string, number]))),
    );
    expect(published.sort()).toEqual([
      ['7', 3],
      ['8', 1],
    ]);
    expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 });
  });

  it('publishes no later state of a key in the round in which an earlier one failed', async () => {
    const db = await openTestDatabase();
    for (const state of [1, 2]) await append(db, '7', state);
    const attempts: number[] = [];
    const failing = createBus(async (events) => {
      attempts.push(...events.map(stateOf));
      throw new Error('unavailable');
    });
    await relayRound(db, failing, 1);
    expect(attempts).toEqual([1]);
    expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 2 });
  });

  /** What happens to one event of a publish. `lost answer`: the broker has written it, but the relay does not learn that. */
  const fate = fc.constantFrom('acknowledged', 'lost answer', 'refused');
  const command = fc.oneof(
    fc.record({ append: fc.constantFrom('7', '8') }),
    fc.record({ relay: fc.array(fate, { minLength: 1, maxLength: 4 }), size: fc.integer({ min: 1, max: 4 }) }),
  );

  it('ends with the last state of each key on the log, whatever fails in between', async () => {
    const db = await openTestDatabase();
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 16 }), async (commands) => {
        const log = new Map<string, number>();
        const appended = new Map<string, number>();
        const createFailingBus = (fates: readonly string[]) => {
          let n = 0;
          return createBus(async (events) => {
            const outcomes = events.map((event) => ({ event, fate: fates[n++ % fates.length] }));
            for (const { event, fate } of outcomes) if (fate !== 'refused') log.set(event.key, stateOf(event));
            const failed = outcomes.filter(({ fate }) => fate !== 'acknowledged');
            if (failed.length > 0)
              throw new NotDurable(
                failed.map(({ event }) => event.id),
                'a partition failed',
              );
          });
        };
        let state = 0;
        for (const each of commands)
          if ('append' in each) {
            appended.set(each.append, ++state);
            await append(db, each.append, state);
          } else await relayRound(db, createFailingBus(each.relay), each.size);
        await relayRound(db, createFailingBus(['acknowledged']), 2);
        expect(log).toEqual(appended);
        expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 });
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['are acknowledged', undefined],
    ['may be on the log although they failed', new NotDurable(['late'], 'timed out')],
  ])('reports the keys of late records that %s after another instance has relayed them', async (_, failure) => {
    const db = await openTestDatabase();
    await append(db, '7', 1);
    await append(db, '8', 1);
    const other = createBus(async () => {});
    const late = createBus(async (events) => {
      expect(await relayRound(db, other)).toEqual([]);
      if (failure)
        throw new NotDurable(
          events.map(({ id }) => id),
          failure.message,
        );
    });
    expect(await relayRound(db, late)).toEqual(['7', '8']);
  });
});

describe('the relay', () => {
  const start = async (bus: EventBus, options: object = {}) => {
    const db = await openTestDatabase();
    const lines: object[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    await append(db, '7', 1);
    await append(db, 'a greeting', 2, topics.greetings);
    const relay = startRelay({ ...createTestRuntime(), log, db, bus, pollIntervalMs: 5, ...options });
    onTestFinished(() => relay.close(0));
    return { db, lines };
  };
  const expectEmpty = (db: Kysely<CrmDatabase>) =>
    eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 }));

  it('drops the events of compacted topics if the bus cannot compact, and warns once', async () => {
    const published: number[] = [];
    const bus = createBus(
      async (events) => void published.push(...events.map(stateOf)),
      async () => false,
    );
    const { db, lines } = await start(bus);
    await expectEmpty(db);
    await append(db, '7', 3);
    await expectEmpty(db);
    expect(published).toEqual([2]);
    expect(lines).toMatchObject([{ topics: ['customers-topic'], msg: expect.stringContaining('dropped') }]);
  });

  it('keeps them until the bus answers whether it can', async () => {
    const published: number[] = [];
    let isDown = true;
    const bus = createBus(
      async (events) => void published.push(...events.map(stateOf)),
      async () => {
        if (isDown) throw new Error('no sidecar');
        return true;
      },
    );
    const { db } = await start(bus);
    await eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 1 }));
    expect(published).toEqual([2]);
    isDown = false;
    await expectEmpty(db);
    expect(published).toEqual([2, 1]);
  });

  it('requests the last states of overtaken keys again, until that succeeds', async () => {
    const requests: unknown[] = [];
    const repeatLastStates = async (topic: string, keys: readonly string[]) => {
      requests.push([topic, keys]);
      if (requests.length < 3) throw new Error('the database is busy');
    };
    let db: Kysely<CrmDatabase> | undefined;
    const bus = createBus(async () => void (await db?.deleteFrom('outbox').execute()));
    const started = await start(bus, { repeatLastStates });
    db = started.db;
    await append(db, '7', 4);
    await eventually(() => expect(requests.length).toBeGreaterThanOrEqual(3));
    expect(requests[0]).toEqual(['customers-topic', ['7']]);
    expect(new Set(requests.map((request) => JSON.stringify(request))).size).toBe(1);
  });
});

describe('an overtaken state is repeated although a deletion fails', () => {
  it.each([
    ['of its own batch', 1],
    ['of the batch before', 1_500],
  ])('%s', async (_, rows) => {
    const db = await openTestDatabase();
    const keys = [...Array.from({ length: rows - 1 }, (_, n) => `other ${n}`), '7'];
    await db.transaction().execute((trx) =>
      appendToOutbox(
        trx,
        keys.map((key, n) => ({ topic: topics.customers, id: `${n}`, key, event: { state: n } })),
        1,
      ),
    );
    let failures = 1;
    const withFailingDeletion = db.withPlugin({
      transformQuery: ({ node }) => {
        if (DeleteQueryNode.is(node) && JSON.stringify(node.from).includes('"outbox"') && failures-- > 0)
          throw new Error('the connection was lost');
        return node;
      },
      transformResult: async ({ result }) => result,
    });
    const bus = createBus(
      async (events) => {
        // While this instance is suspended, another one publishes a newer state of the key and deletes the rows.
        if (events.some(({ key }) => key === '7')) await db.deleteFrom('outbox').execute();
      },
      async () => true,
    );
    const repeated: string[] = [];
    const relay = startRelay({
      ...createTestRuntime(),
      db: withFailingDeletion,
      bus,
      repeatLastStates: async (_topic, keys) => void repeated.push(...keys),
      pollIntervalMs: 5,
    });
    onTestFinished(() => relay.close(0));
    await eventually(() => expect(repeated).toContain('7'));
  });
});
