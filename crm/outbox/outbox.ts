import type { Kysely, Transaction } from 'kysely';
import type { Codec } from '../../contracts/codec.ts';
import type { Topic } from '../../packages/projections/event-bus.ts';
import { type CrmDatabase, insertRows } from '../database/index.ts';
import { toColumn } from './event-column.ts';

/** An event to publish. `topic.codec` encodes it. Without `event` it is a tombstone. */
export type OutboxEvent = {
  topic: Topic & { readonly codec: Codec };
  id: string;
  key: string;
  event: object | undefined;
};

const tombstone = Buffer.alloc(0);

/** Writes events in the transaction of the rows that they are about, so that either both are committed or neither. */
export const appendToOutbox = async (
  trx: Transaction<CrmDatabase>,
  events: readonly OutboxEvent[],
  createdAt: number,
) => {
  const rows = events.map(({ topic, id, key, event }) => ({
    topic: topic.name,
    id,
    eventKey: key,
    event: toColumn(event ? topic.codec.encode(event) : tombstone),
    createdAt,
  }));
  await insertRows(trx, 'outbox', ['topic', 'id', 'eventKey', 'event', 'createdAt'], rows);
};

/** How many events wait to be published, and since when the oldest one waits (ISO 8601). */
export const readOutboxBacklog = async (db: Kysely<CrmDatabase>) => {
  const { waiting, oldest } = await db
    .selectFrom('outbox')
    .select(({ fn }) => [fn.countAll<number>().as('waiting'), fn.min('createdAt').as('oldest')])
    .executeTakeFirstOrThrow();
  return { waiting: Number(waiting), since: oldest === null ? null : new Date(Number(oldest)).toISOString() };
};
