import type { Kysely, Selectable } from 'kysely';
import { type EventBus, NotDurable } from '../../packages/projections/event-bus.ts';
import type { CrmDatabase, OutboxTable } from '../database/index.ts';
import { fromColumn } from './event-column.ts';

export type OutboxRow = Selectable<OutboxTable>;

/** Rows of one topic, in the order of their sequence numbers. */
export type RelayedTopic = { readonly name: string; readonly rows: readonly OutboxRow[] };

/** @returns undefined when all events are durable, else an error with the ids that may not be */
export const publishRows = async (
  bus: EventBus,
  topic: string,
  rows: readonly OutboxRow[],
): Promise<NotDurable | undefined> => {
  if (rows.length === 0) return undefined;
  const events = rows.map(({ id, eventKey, event }) => ({ id, key: eventKey, value: fromColumn(event) }));
  return bus.publish(topic, events).then(
    () => undefined,
    (error: Error) => (error instanceof NotDurable ? error : notDurable(rows, error)),
  );
};

export const notDurable = (rows: readonly OutboxRow[], { message }: Error) =>
  new NotDurable(
    rows.map(({ id }) => id),
    message,
  );

/** @returns how many rows were deleted; fewer if another instance has deleted some */
export const deleteRows = async (db: Kysely<CrmDatabase>, rows: readonly OutboxRow[]): Promise<number> => {
  if (rows.length === 0) return 0;
  const { numDeletedRows } = await db
    .deleteFrom('outbox')
    .where('sequence', 'in', sequencesOf(rows))
    .executeTakeFirstOrThrow();
  return Number(numDeletedRows);
};

/** @returns how many of the rows are still in the outbox */
export const countRows = async (db: Kysely<CrmDatabase>, rows: readonly OutboxRow[]): Promise<number> => {
  if (rows.length === 0) return 0;
  const { count } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('sequence', 'in', sequencesOf(rows))
    .executeTakeFirstOrThrow();
  return Number(count);
};

const sequencesOf = (rows: readonly OutboxRow[]) => rows.map(({ sequence }) => sequence);
