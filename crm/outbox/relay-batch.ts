import type { Kysely } from 'kysely';
import type { NotDurable } from '../../packages/projections/event-bus.ts';
import { groupBy } from '../../packages/runtime/group-by.ts';
import type { CrmDatabase } from '../database/index.ts';
import { countRows, deleteRows, type OutboxRow, type PublishedTopic, publishRows } from './publish-rows.ts';
import { isCompacted, publishCompacted, type RelayRound } from './relay-compacted.ts';

/** The highest sequence number in the outbox; undefined when the outbox is empty. */
export const readLastSequence = async (db: Kysely<CrmDatabase>): Promise<number | undefined> => {
  const { last } = await db
    .selectFrom('outbox')
    .select(({ fn }) => fn.max('sequence').as('last'))
    .executeTakeFirstOrThrow();
  return last ?? undefined;
};

/** Reads up to `size` rows with a sequence number above `after` and at most `upTo`. */
export const readBatch = (
  db: Kysely<CrmDatabase>,
  { after, upTo, size }: { after: number; upTo: number; size: number },
): Promise<OutboxRow[]> =>
  db
    .selectFrom('outbox')
    .selectAll()
    .where('sequence', '>', after)
    .where('sequence', '<=', upTo)
    .orderBy('sequence')
    .limit(size)
    .execute();

type PublishedBatch = {
  /** The first failure of a publish. */
  readonly failure: NotDurable | undefined;
  /** Per compacted topic, the keys that were published. Unless `settle` returns true, publish their last states again (see `publishCompacted`). */
  readonly keys: ReadonlyMap<string, readonly string[]>;
  /**
   * Deletes the rows that the bus acknowledged. Call it after all earlier batches are deleted: if an earlier state of a key stayed in the
   * outbox without the later one, its repetition would be the last record of the key.
   * @returns whether all rows were still in the outbox, so that no other instance has relayed them
   */
  settle(): Promise<boolean>;
};

/** Publishes the rows, the topics concurrently. */
export const publishBatch = async (round: RelayRound, rows: readonly OutboxRow[]): Promise<PublishedBatch> => {
  const topics = await Promise.all(
    [...groupBy(rows, ({ topic }) => topic)].map(([name, ofTopic]) =>
      (isCompacted(name) ? publishCompacted : publishAll)(round, { name, rows: ofTopic }),
    ),
  );
  return {
    failure: topics.find(({ failure }) => failure)?.failure,
    keys: new Map(topics.flatMap(({ name, keys }) => (keys ? [[name, keys] as const] : []))),
    settle: () => settle(round.db, topics),
  };
};

const publishAll = async (
  publisher: RelayRound,
  { name, rows }: { name: string; rows: readonly OutboxRow[] },
): Promise<PublishedTopic> => {
  const failure = await publishRows(publisher, name, rows);
  return { name, failure, acknowledged: failure ? rows.filter(({ id }) => !failure.ids.has(id)) : rows };
};

/** Deletes the rows of all topics with one statement, because each commit waits for the disk and for other transactions. */
const settle = async (db: Kysely<CrmDatabase>, topics: readonly PublishedTopic[]): Promise<boolean> => {
  const acknowledged = topics.flatMap((topic) => topic.acknowledged);
  const failed = topics.flatMap(({ failedStates = [] }) => failedStates);
  const found = (await deleteRows(db, acknowledged)) + (await countRows(db, failed));
  return found === acknowledged.length + failed.length;
};
