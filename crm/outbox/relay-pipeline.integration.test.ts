import { join } from 'node:path';
import { DeleteQueryNode } from 'kysely';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import type { EventBus, OutgoingEvent } from '../../packages/projections/event-bus.ts';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { openCrmDatabase } from '../database/index.ts';
import { appendToOutbox, readOutboxBacklog } from './outbox.ts';
import { startRelay } from './relay.ts';

const keys = Array.from({ length: 3_000 }, (_, n) => `${n}`);

it('publishes the next batch while the rows of the one before are deleted, and each event once', async () => {
  const file = await openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`);
  const events = keys.map((key) => ({ topic: topics.customers, id: key, key, event: {} }));
  await file.transaction().execute((trx) => appendToOutbox(trx, events, 1));
  const published: string[] = [];
  const publish = async (_topic: string, batch: readonly OutgoingEvent[]) =>
    void published.push(...batch.map(({ key }) => key));
  const deletions: object[] = [];
  /** Holds the writer of the first deletion until the second batch is published. */
  const db = file.withPlugin({
    transformQuery: ({ node, queryId }) => {
      if (DeleteQueryNode.is(node) && JSON.stringify(node.from).includes('"outbox"')) deletions.push(queryId);
      return node;
    },
    transformResult: async ({ result, queryId }) => {
      if (deletions[0] === queryId) await eventually(() => expect(published).toHaveLength(keys.length));
      return result;
    },
  });
  const bus = { publish, canCompact: async () => true } as unknown as EventBus;
  const relay = startRelay({ ...createTestRuntime(), db, bus });
  onTestFinished(() => relay.close(0).then(() => file.destroy()));
  await eventually(async () => expect(await readOutboxBacklog(file)).toMatchObject({ waiting: 0 }));
  expect(published).toEqual(keys);
  expect(deletions).toHaveLength(2);
});
