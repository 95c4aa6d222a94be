import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import type { EventBus, OutgoingEvent } from '../../../packages/projections/event-bus.ts';
import { eventually } from '../../../tests/eventually.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { openCrmDatabase } from '../../database/index.ts';
import { appendToOutbox, readOutboxBacklog, startRelay } from '../../outbox/index.ts';
import { createJobForFile } from '../jobs/import-once.ts';
import { runImport } from './run-import.ts';

const earlierEvents = 20_000;
const customers = 6_000;

it('an import and the relay take turns: neither waits until the other has finished', async () => {
  const folder = dataFolder();
  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const events = Array.from({ length: earlierEvents }, (_, n) => ({
    topic: topics.connectionMandates,
    id: `earlier ${n}`,
    key: `${n}`,
    event: {},
  }));
  for (let at = 0; at < earlierEvents; at += 5_000)
    await db.transaction().execute((trx) => appendToOutbox(trx, events.slice(at, at + 5_000), 1));
  const file = join(folder, 'customers.csv');
  const rows = Array.from({ length: customers }, (_, n) => `${n + 1},Eva,Vos,Delft,${n + 1},1`);
  writeFileSync(file, ['customerId,firstName,lastName,city,connectionId,connectionMandate', ...rows].join('\n'));

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
