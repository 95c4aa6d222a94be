import type { Expression, ExpressionBuilder, Kysely, Selectable, SqlBool } from 'kysely';
import type { Codec } from '../../contracts/codec.ts';
import { type EventBus, NotDurable } from '../../packages/projections/event-bus.ts';
import type { CrmDatabase, OutboxTable } from '../database/index.ts';
import { encodeRows } from './encode-rows.ts';

export type OutboxRow = Selectable<OutboxTable>;

/** What became of the rows of one topic. */
export type PublishedTopic = {
  readonly name: string;
  readonly failure: NotDurable | undefined;
  /** The rows to delete. */
  readonly acknowledged: readonly OutboxRow[];
  /** Of a compacted topic: the published keys, and the rows of those that may not be durable. */
  readonly keys?: readonly string[];
  readonly failedStates?: readonly OutboxRow[];
};

export type Publisher = { readonly bus: EventBus; readonly codecOf: (topic: string) => Codec };

/** @returns undefined when all events are durable, else an error with the ids that may not be */
export const publishRows = async (
  { bus, codecOf }: Publisher,
  topic: string,
  rows: readonly OutboxRow[],
): Promise<NotDurable | undefined> => {
  const encoded = await encodeRows(codecOf(topic), topic, rows).catch((error: Error) => notDurable(rows, error));
  if (encoded instanceof NotDurable) return encoded;
  const { events, refused } = encoded;
  if (events.length === 0) return refused;
  const failure = await bus.publish(topic, events).then(
    () => undefined,
    (error: Error) => (error instanceof NotDurable ? error : notDurable(rows, error)),
  );
  if (!failure || !refused) return failure ?? refused;
  return new NotDurable([...failure.ids, ...refused.ids], `${failure.message}; ${refused.message}`);
};

export const notDurable = (rows: readonly OutboxRow[], { message }: Error) =>
  new NotDurable(
    rows.map(({ id }) => id),
    message,
  );

/** @returns how many rows were deleted; fewer if another instance has deleted some */
export const deleteRows = async (db: Kysely<CrmDatabase>, rows: readonly OutboxRow[]): Promise<number> => {
  if (rows.length === 0) return 0;
  const { numDeletedRows } = await db.deleteFrom('outbox').where(isOneOf(rows)).executeTakeFirstOrThrow();
  return Number(numDeletedRows);
};

/** @returns how many of the rows are still in the outbox */
export const countRows = async (db: Kysely<CrmDatabase>, rows: readonly OutboxRow[]): Promise<number> => {
  if (rows.length === 0) return 0;
  const { count } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where(isOneOf(rows))
    .executeTakeFirstOrThrow();
  return Number(count);
};

/** The condition for exactly these rows. Numbers without a gap are a range, which is faster than a list of thousands. */
const isOneOf =
  (rows: readonly OutboxRow[]) =>
  (eb: ExpressionBuilder<CrmDatabase, 'outbox'>): Expression<SqlBool> => {
    const sequences = rows.map(({ sequence }) => sequence);
    const [first, last] = [Math.min(...sequences), Math.max(...sequences)];
    const isRange = last - first + 1 === sequences.length;
    return isRange ? eb.between('sequence', first, last) : eb('sequence', 'in', sequences);
  };
