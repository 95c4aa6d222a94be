import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
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
  const writeCsv = (count: number) => {
    const file = join(folder, 'customers.csv');
    const rows = Array.from({ length: count }, (_, n) => `${n + 1_000},Eva,Vos,Delft,${n + 1},1`);
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
  expect(committed.at(-1)).toBe(500);
  expect(committed.every((rows) => rows % 100 === 0)).toBe(true);
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
