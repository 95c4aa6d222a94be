import type { CompiledQuery, Kysely, Transaction } from 'kysely';
import type { Topic } from '../../packages/projections/event-bus.ts';
import { type CrmDatabase, executeTogether, insertRows } from '../database/index.ts';

/** An event to publish. The relay encodes it by the codec of its topic. Without `event` it is a tombstone. */
export type OutboxEvent = {
  topic: Topic;
  id: string;
  key: string;
  event: object | undefined;
};

/** Writes events in the transaction of the rows that they are about, so that either both are committed or neither. */
export const appendToOutbox = (
  trx: Transaction<CrmDatabase>,
  events: readonly OutboxEvent[],
  createdAt: number,
): Promise<void> => executeTogether(trx, insertIntoOutbox(trx, events, createdAt));

/** The statement of `appendToOutbox`, to run together with others of the transaction. */
export const insertIntoOutbox = (
  trx: Transaction<CrmDatabase>,
  events: readonly OutboxEvent[],
  createdAt: number,
): CompiledQuery[] => {
  const rows = events.map(({ topic, id, key, event }) => ({
    topic: topic.name,
    id,
    eventKey: key,
    event: event ? JSON.stringify(event) : '',
    createdAt,
  }));
  return insertRows(trx, 'outbox', ['topic', 'id', 'eventKey', 'event', 'createdAt'], rows);
};

/** How many events wait to be published, and since when the oldest one waits (ISO 8601). */
export const readOutboxBacklog = async (db: Kysely<CrmDatabase>) => {
  const { waiting, oldest } = await db
    .selectFrom('outbox')
    .select(({ fn }) => [fn.countAll<number>().as('waiting'), fn.min('createdAt').as('oldest')])
    .executeTakeFirstOrThrow();
  return { waiting: Number(waiting), since: oldest === null ? null : new Date(Number(oldest)).toISOString() };
};
