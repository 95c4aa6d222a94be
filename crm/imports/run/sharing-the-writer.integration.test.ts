import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sql, UpdateQueryNode } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import type { EventBus, OutgoingEvent } from '../../../packages/projections/event-bus.ts';
import { eventually } from '../../../tests/eventually.ts';
import { corinne } from '../../../tests/lab-customers.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { changeCustomer, registerCustomer } from '../../customers/index.ts';
import { openCrmDatabase } from '../../database/index.ts';
import { appendToOutbox, readOutboxBacklog, startRelay } from '../../outbox/index.ts';
import { createJobForFile } from '../jobs/import-once.ts';
import { runImport } from './run-import.ts';

const openFile = async () => {
  const folder = dataFolder();
  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const writeCsv = (count: number, rowOf = (n: number) => `${n + 1_000},Eva,Vos,Delft,${n + 1},1`) => {
    const file = join(folder, 'customers.csv');
    const rows = Array.from({ length: count }, (_, n) => rowOf(n));
    writeFileSync(file, ['customerId,firstName,lastName,city,connectionId,connectionMandate', ...rows].join('\n'));
    return file;
  };
  return { db, writeCsv };
};

it('an import ends its transaction after 100 rows while requests wait, and after 500 without them', async () => {
  const { db, writeCsv } = await openFile();
  onTestFinished(() => db.destroy());
  const context = { ...createTestRuntime(), db, onCommit: () => {} };
  const file = writeCsv(3_000);
  const job = await createJobForFile(context, file, { dryRun: false, onConflict: 'skip' });
  let rowsSoFar = 0;
  const committed: number[] = [];
  const noMoreRequests = new AbortController();
  const onProgress = ({ created }: { created: number }) => {
    if (created > rowsSoFar) committed.push(created - rowsSoFar);
    rowsSoFar = created;
    if (rowsSoFar >= 1_000) noMoreRequests.abort();
  };
  const { customer } = await registerCustomer(context, {
    ...corinne,
    ...({ connectionMandate: '1', email: null, phone: null } as const),
  });
  // Several clients, so that one of them always waits for the import.
  const clients = Array.from({ length: 3 }, async (_, client) => {
    for (let n = 0; !noMoreRequests.signal.aborted; n++)
      await changeCustomer(context, customer.customerId, (before) => ({ ...before, city: `City ${client} ${n}` }));
  });
  await runImport(context, job, file, { onProgress });
  await Promise.all(clients);

  expect(committed.slice(0, 5)).toEqual([100, 100, 100, 100, 100]);
  expect(committed.slice(5)).toContain(500);
  expect(committed.every((rows) => rows % 100 === 0)).toBe(true);
});

it.each([
  ['whose rows have no customerId', (n: number) => `,Eva,Vos,Delft,${n},1`],
  ['with a refused row in the next step', (n: number) => `${n === 150 ? 'x' : n + 1_000},Eva,Vos,Delft,${n},1`],
])('an import %s writes nothing of a transaction that the database has rolled back', async (_, rowOf) => {
  const { db, writeCsv } = await openFile();
  onTestFinished(() => db.destroy());
  // Like a database that ends the transaction by itself, for example on a deadlock or a full disk.
  await sql`create trigger failure before insert on "mandateChange" when new."connectionId" = '50'
    begin select raise(rollback, 'rolled back'); end`.execute(db);
  const context = { ...createTestRuntime(), db, onCommit: () => {} };
  const file = writeCsv(300, rowOf);
  const job = await createJobForFile(context, file, { dryRun: false, onConflict: 'skip' });
  await expect(runImport(context, job, file)).rejects.toThrow('rolled back');
  for (const table of ['customer', 'connection', 'mandateChange', 'outbox', 'importedRow'] as const)
    expect(await db.selectFrom(table).selectAll().execute()).toEqual([]);
});

it('a dry run whose transaction runs again after a conflict reports the same', async () => {
  const { db, writeCsv } = await openFile();
  onTestFinished(() => db.destroy());
  const context = { ...createTestRuntime(), db, onCommit: () => {} };
  const held = { ...corinne, connectionMandate: '1', email: null, phone: null } as const;
  for (const connectionId of ['A1', 'A2']) await registerCustomer(context, { ...held, connectionId });
  // Customer 2 wants the connection that customer 1 gives up on a later line.
  const file = writeCsv(2, (n) => [`2,Eva,Vos,Delft,A1,1`, `1,Eva,Vos,Delft,A9,1`][n] as string);
  const job = await createJobForFile(context, file, { dryRun: true, onConflict: 'update' });
  let updates = 0;
  const conflicting = db.withPlugin({
    transformQuery: ({ node }) => {
      // The first update begins the job.
      if (UpdateQueryNode.is(node) && ++updates === 2)
        throw new TransientDatabaseError('database-conflict', new Error('a deadlock'));
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  const finished = await runImport({ ...context, db: conflicting }, job, file);
  expect(updates).toBeGreaterThan(3);
  expect(finished).toMatchObject({ refused: 1, updated: 1 });
});

const earlierEvents = 20_000;
const customers = 6_000;

it('an import and the relay take turns: neither waits until the other has finished', async () => {
  const { db, writeCsv } = await openFile();
  const events = Array.from({ length: earlierEvents }, (_, n) => ({
    topic: topics.connectionMandates,
    id: `earlier ${n}`,
    key: `${n}`,
    event: {},
  }));
  for (let at = 0; at < earlierEvents; at += 5_000)
    await db.transaction().execute((trx) => appendToOutbox(trx, events.slice(at, at + 5_000), 1));
  const file = writeCsv(customers);

  let published = 0;
  const hasImportedTwoChunks = new AbortController();
  const publish = async (_topic: string, batch: readonly OutgoingEvent[]) => {
    if (!hasImportedTwoChunks.signal.aborted) await once(hasImportedTwoChunks.signal, 'abort');
    published += batch.length;
  };
  const bus = { publish, canCompact: async () => true } as unknown as EventBus;
  const relay = startRelay({ ...createTestRuntime(), db, bus });
  onTestFinished(() => relay.close(0).then(() => db.destroy()));
  const context = { ...createTestRuntime(), db, onCommit: () => relay.wake() };
  const job = await createJobForFile(context, file, { dryRun: false, onConflict: 'skip' });
  const publishedAt: number[] = [];
  const onProgress = () => {
    if (publishedAt.push(published) === 2) hasImportedTwoChunks.abort();
  };
  // The import would never get here if it waited until the outbox is empty.
  await runImport(context, job, file, { onProgress });

  // The third batch is published when the rows of the first one are deleted, which needs the writer of the import.
  expect(publishedAt.at(-1)).toBeGreaterThanOrEqual(6_000);
  await eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 }));
  expect(published).toBe(earlierEvents + 3 * customers);
});
