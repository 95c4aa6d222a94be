import type { Kysely, Selectable } from 'kysely';
import { type EventBus, NotDurable } from '../../packages/projections/event-bus.ts';
import { groupBy } from '../../packages/runtime/group-by.ts';
import type { CrmDatabase, OutboxTable } from '../database/index.ts';
import { fromColumn } from './event-column.ts';

type Row = Selectable<OutboxTable>;

/** The highest sequence number in the outbox; undefined when the outbox is empty. */
export const readLastSequence = async (db: Kysely<CrmDatabase>): Promise<number | undefined> => {
  const { last } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? undefined;
};

/**
 * Publishes up to `size` rows with a sequence number above `after` and at most `upTo`, and deletes the rows that the bus
 * acknowledged.
 * @returns the last sequence number that was read, undefined if there was no row, and the failure of the publish, if any
 */
export const relayBatch = async (
  { db, bus }: { db: Kysely<CrmDatabase>; bus: EventBus },
  { after, upTo, size }: { after: number; upTo: number; size: number },
): Promise<{ last: number | undefined; failure: NotDurable | undefined }> => {
  const rows = await db
    .selectFrom('outbox')
    .selectAll()
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .orderBy('sequence')
    .limit(size)
    .execute();
  let failure: NotDurable | undefined;
  for (const [topic, events] of groupBy(rows, (row) => row.topic)) {
    const notDurable = await publishRows(bus, topic, events);
    const acknowledged = notDurable ? events.filter(({ id }) => !notDurable.ids.has(id)) : events;
    failure ??= notDurable;
    await deleteRows(db, acknowledged);
  }
  return { last: rows.at(-1)?.sequence, failure };
};

const deleteRows = async (db: Kysely<CrmDatabase>, rows: readonly Row[]) => {
  if (rows.length === 0) return;
  const sequences = rows.map(({ sequence }) => sequence);
  await db.deleteFrom('outbox').where('sequence', 'in', sequences).execute();
};

/** @returns undefined when all events are durable, else an error with the ids that may not be */
const publishRows = (bus: EventBus, topic: string, rows: readonly Row[]): Promise<NotDurable | undefined> => {
  const events = rows.map(({ id, eventKey, event }) => ({ id, key: eventKey, value: fromColumn(event) }));
  const ids = rows.map(({ id }) => id);
  return bus.publish(topic, events).then(
    () => undefined,
    (error: Error) => (error instanceof NotDurable ? error : new NotDurable(ids, error.message)),
  );
};
