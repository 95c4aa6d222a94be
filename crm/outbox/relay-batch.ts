import type { Kysely } from 'kysely';
import type { NotDurable } from '../../packages/projections/event-bus.ts';
import { groupBy } from '../../packages/runtime/group-by.ts';
import type { CrmDatabase } from '../database/index.ts';
import { deleteRows, publishRows, type RelayedTopic } from './publish-rows.ts';
import { isCompacted, type RelayRound, relayCompacted } from './relay-compacted.ts';

/** The highest sequence number in the outbox; undefined when the outbox is empty. */
export const readLastSequence = async (db: Kysely<CrmDatabase>): Promise<number | undefined> => {
  const { last } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? undefined;
};

type RelayedBatch = {
  /** The last sequence number that was read; undefined if there was no row. */
  readonly last: number | undefined;
  /** The first failure of a publish. */
  readonly failure: NotDurable | undefined;
  /** Per compacted topic, the keys whose last states must be published again (see `relayCompacted`). */
  readonly overtaken: ReadonlyMap<string, readonly string[]>;
};

/**
 * Publishes up to `size` rows with a sequence number above `after` and at most `upTo`, and deletes the rows that the bus
 * acknowledged.
 */
export const relayBatch = async (
  round: RelayRound,
  { after, upTo, size }: { after: number; upTo: number; size: number },
): Promise<RelayedBatch> => {
  const rows = await round.db
    .selectFrom('outbox')
    .selectAll()
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .orderBy('sequence')
    .limit(size)
    .execute();
  let failure: NotDurable | undefined;
  const overtaken = new Map<string, readonly string[]>();
  for (const [name, ofTopic] of groupBy(rows, (row) => row.topic)) {
    const topic = { name, rows: ofTopic };
    const relayed = isCompacted(name) ? await relayCompacted(round, topic) : await relayAll(round, topic);
    failure ??= relayed.failure;
    if (relayed.overtaken.length > 0) overtaken.set(name, relayed.overtaken);
  }
  return { last: rows.at(-1)?.sequence, failure, overtaken };
};

const relayAll = async ({ db, bus }: RelayRound, { name, rows }: RelayedTopic) => {
  const failure = await publishRows(bus, name, rows);
  await deleteRows(
    db,
    rows.filter(({ id }) => !failure?.ids.has(id)),
  );
  return { failure, overtaken: [] };
};
