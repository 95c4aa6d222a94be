import { DeleteQueryNode, type Kysely } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import type { EventBus, OutgoingEvent } from '../../packages/projections/event-bus.ts';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { eventually } from '../../tests/eventually.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import type { CrmDatabase } from '../database/index.ts';
import { findCodec } from './encode-rows.ts';
import { appendToOutbox, type OutboxEvent, readOutboxBacklog } from './outbox.ts';
import { startRelay } from './relay.ts';
import { publishBatch, readBatch } from './relay-batch.ts';

/** More than one batch, and less than two. */
const manyEvents = 3_000;

const append = (db: Kysely<CrmDatabase>, events: readonly { key: string; topic?: OutboxEvent['topic'] }[]) =>
  db.transaction().execute((trx) =>
    appendToOutbox(
      trx,
      events.map(({ key, topic = topics.customers }, n) => ({ topic, id: `${n}`, key, event: { n } })),
      1,
    ),
  );

type Publish = (topic: string, events: readonly OutgoingEvent[]) => Promise<void>;
const createBus = (publish: Publish) => ({ publish, canCompact: async () => true }) as unknown as EventBus;

const startTestRelay = (db: Kysely<CrmDatabase>, publish: Publish) => {
  const relay = startRelay({ ...createTestRuntime(), db, bus: createBus(publish) });
  onTestFinished(() => relay.close(0));
};

/** The same database; `beforeDeletion` is called before rows are deleted from the outbox. */
const interceptDeletions = (db: Kysely<CrmDatabase>, beforeDeletion: () => void): Kysely<CrmDatabase> =>
  db.withPlugin({
    transformQuery: ({ node }) => {
      if (DeleteQueryNode.is(node) && JSON.stringify(node.from).includes('"outbox"')) beforeDeletion();
      return node;
    },
    transformResult: async ({ result }) => result,
  });

it('the last state of a key is published last, although the deletion of its first state failed', async () => {
  const db = await openTestDatabase();
  const others = Array.from({ length: manyEvents - 2 }, (_, n) => ({ key: `other ${n}` }));
  await append(db, [{ key: '7' }, ...others, { key: '7' }]);
  const states: number[] = [];
  let failures = 1;
  const failOnce = () => {
    if (failures-- > 0) throw new Error('the disk is full');
  };
  startTestRelay(interceptDeletions(db, failOnce), async (_topic, events) => {
    for (const { key, value } of events) if (key === '7') states.push(JSON.parse(value.toString()).n);
  });
  await eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 }));
  const last = manyEvents - 1;
  expect(states.at(-1)).toBe(last);
  expect(states.filter((state) => state === 0)).toHaveLength(2);
});

it('the topics of a batch are published concurrently, and one that fails does not stop the others', async () => {
  const db = await openTestDatabase();
  await append(db, [
    { key: '7' },
    { key: 'a', topic: topics.connectionMandates },
    { key: '7', topic: topics.customerRegistrations },
  ]);
  const started: string[] = [];
  const bus = createBus(async (topic) => {
    started.push(topic);
    await eventually(() => expect(started).toHaveLength(3));
    if (topic === topics.connectionMandates.name) throw new Error('its partition is unavailable');
  });
  const round = { db, bus, codecOf: findCodec, canCompact: async () => true, failedKeys: new Set<string>() };
  const { failure, settle } = await publishBatch(round, await readBatch(db, { after: 0, upTo: 3, size: 10 }));
  await settle();
  expect([...(failure?.ids ?? [])]).toEqual(['1']);
  expect(await db.selectFrom('outbox').select('topic').execute()).toEqual([{ topic: topics.connectionMandates.name }]);
});

it('only the published rows of a batch are deleted, and no row that commits late between them', async () => {
  const db = await openTestDatabase();
  await append(db, [{ key: '1' }, { key: '2' }, { key: '3' }]);
  await db.deleteFrom('outbox').where('sequence', '=', 2).execute();
  const late = { sequence: 2, topic: topics.customers.name, id: 'late', eventKey: '2', event: '{}', createdAt: 1 };
  const bus = createBus(async () => void (await db.insertInto('outbox').values(late).execute()));
  const round = { db, bus, codecOf: findCodec, canCompact: async () => true, failedKeys: new Set<string>() };
  const { settle } = await publishBatch(round, await readBatch(db, { after: 0, upTo: 3, size: 10 }));
  expect(await settle()).toBe(true);
  expect(await db.selectFrom('outbox').select('id').execute()).toEqual([{ id: 'late' }]);
});
