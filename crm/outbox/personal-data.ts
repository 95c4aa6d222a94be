import type { Kysely, Transaction } from 'kysely';
import { readPages } from '../../packages/database/pages.ts';
import type { Topic } from '../../packages/projections/event-bus.ts';
import { splitIntoChunks } from '../../packages/runtime/chunks.ts';
import type { CrmDatabase } from '../database/index.ts';

const eventsPerPage = 500;

/** Reads, page by page and the oldest first, the unpublished events of a topic with one of these keys, without tombstones. */
export async function* readWaitingEvents(
  db: Kysely<CrmDatabase>,
  topic: Topic,
  keys: readonly string[],
): AsyncGenerator<unknown[], void> {
  if (keys.length === 0) return;
  const waiting = db
    .selectFrom('outbox')
    .select(['sequence', 'event'])
    .where('topic', '=', topic.name)
    .where('eventKey', 'in', keys)
    .where('event', '!=', '')
    .orderBy('sequence');
  const pages = readPages<{ sequence: number; event: string }>(eventsPerPage, (after, limit) =>
    waiting
      .where('sequence', '>', after?.sequence ?? 0)
      .limit(limit)
      .execute(),
  );
  for await (const page of pages) yield page.map(({ event }) => JSON.parse(event));
}

/**
 * Deletes the unpublished events of a topic with this key. No other transaction may append one meanwhile. The relay may be publishing
 * such an event now, so the caller appends the event that replaces them.
 */
export const removeWaitingEvents = async (trx: Transaction<CrmDatabase>, topic: Topic, key: string): Promise<void> => {
  // The rows are read without locks, because a search with locks would wait for every transaction that appends events.
  const waiting = trx
    .selectFrom('outbox')
    .select('sequence')
    .where('topic', '=', topic.name)
    .where('eventKey', '=', key);
  const sequences = (await waiting.execute()).map(({ sequence }) => sequence);
  for (const chunk of splitIntoChunks(sequences, eventsPerPage))
    await trx.deleteFrom('outbox').where('sequence', 'in', chunk).execute();
};
