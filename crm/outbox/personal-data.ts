import type { Kysely } from 'kysely';
import type { Codec } from '../../contracts/codec.ts';
import { readPages } from '../../packages/database/pages.ts';
import type { Topic } from '../../packages/projections/event-bus.ts';
import type { CrmDatabase } from '../database/index.ts';
import { fromColumn } from './event-column.ts';

const eventsPerPage = 500;

/** Reads, page by page and the oldest first, the unpublished events of a topic with one of these keys. */
export async function* readWaitingEvents(
  db: Kysely<CrmDatabase>,
  topic: Topic & { readonly codec: Codec },
  keys: readonly string[],
): AsyncGenerator<unknown[], void> {
  if (keys.length === 0) return;
  const waiting = db
    .selectFrom('outbox')
    .select(['sequence', 'event'])
    .where('topic', '=', topic.name)
    .where('eventKey', 'in', keys)
    .orderBy('sequence');
  const pages = readPages<{ sequence: number; event: string }>(eventsPerPage, (after, limit) =>
    waiting
      .where('sequence', '>', after?.sequence ?? 0)
      .limit(limit)
      .execute(),
  );
  for await (const page of pages) yield page.map(({ event }) => topic.codec.decode(fromColumn(event)));
}
