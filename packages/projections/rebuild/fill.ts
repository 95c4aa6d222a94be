import { splitIntoChunks } from '../../runtime/chunks.ts';
import { groupBy } from '../../runtime/group-by.ts';
import { retry } from '../../runtime/retry.ts';
import { fold } from '../apply/fold.ts';
import type { ParsedBatch, ParsedRecord } from '../apply/parse-batch.ts';
import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import { isDiscarded } from '../generations/checkpoint-document.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import type { Rebuild } from '../generations/pointer.ts';
import type { PartitionRange } from '../log-reader.ts';
import { type RebuildContext, RebuildRefused, readLog, storeRetry } from './context.ts';
import type { RebuildSession } from './rebuild-session.ts';
import { type Offsets, readDiscarded } from './registry.ts';
import { describeRestart } from './remedies.ts';

/** A page of about a thousand events; `next` is the cursor after it, undefined on the last page. */
type SnapshotPage<Event> = { readonly events: readonly Event[]; readonly next: string | undefined };

/**
 * The current data of the source, as the last event of each key. Pages are read one after the other, not at one point
 * in time; every later change is in the log after the end offsets from before the first page.
 */
export type Snapshot<Event> = {
  readonly name: string;
  /** Reads the pages after a cursor. @throws RebuildRefused with a message that says what to do */
  pages(after: string | undefined): AsyncIterable<SnapshotPage<Event>>;
};

/** Fills the generation from the snapshot, beginning after the last page that an earlier run has written. */
export const loadSnapshot = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  session: RebuildSession,
  snapshot: Snapshot<Event>,
): Promise<void> => {
  const { into, snapshot: progress } = session.rebuild();
  if (progress?.isComplete) return;
  context.report(`Reading ${snapshot.name} …`);
  const write = createGenerationWriter(context, into);
  let count = 0;
  for await (const { events, next } of snapshot.pages(progress?.after)) {
    session.ownershipLost.throwIfAborted();
    await write(groupBy(events.map(toParsedRecord), ({ event }) => context.projection.key(event)));
    count += events.length;
    if (next !== undefined) session.recordProgress({ snapshot: { after: next, isComplete: false } });
  }
  session.recordProgress({ snapshot: { isComplete: true } });
  // Stored before the replay begins, so that a rebuild that is killed there does not read the snapshot again.
  await session.update((held) => held);
  context.report(
    `${count.toLocaleString('en')} events read. Replaying the log from the end offsets before the snapshot …`,
  );
};

/** Events of a snapshot have no record, and so no partition and offset. */
const toParsedRecord = <Event>(event: Event) => ({
  record: { topic: '', value: Buffer.alloc(0), timestamp: 0 },
  event,
});

/**
 * Replays the log from where the rebuild is to these end offsets. Poison records were dead-lettered when they were
 * delivered, and are not published again.
 */
export const replay = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  session: RebuildSession,
  ends: Offsets,
): Promise<void> => {
  const ranges = Object.entries(ends).map(([partition, end]): PartitionRange => {
    const begin = session.rebuild().next[Number(partition)] ?? 0;
    return { partition: Number(partition), begin, end: Math.max(begin, end) };
  });
  const topic = context.projection.topic.name;
  session.recordProgress({ ends });
  const discarded = await readDiscarded(context, Object.keys(ends).map(Number));
  const write = createGenerationWriter(context, session.rebuild().into, ([partition, offset]) =>
    isDiscarded({ discarded: discarded.get(partition) ?? [] }, offset),
  );
  const writeBatch = async ({ byKey, poison }: ParsedBatch<Event>, at: { partition: number; next: number }) => {
    await write(byKey);
    const progress = session.rebuild();
    session.recordProgress({
      next: { ...progress.next, [at.partition]: at.next },
      setAside: progress.setAside + poison.length,
    });
  };
  await readLog(context, 'replaying', ranges, writeBatch, session.ownershipLost);
  // Retention may have deleted records before they were read.
  const read = Object.fromEntries(ranges.map(({ partition, begin }) => [partition, begin]));
  const lost = describeLostRecords(topic, await context.log.offsets(topic), { ...session.rebuild(), next: read });
  if (lost !== undefined) throw new RebuildRefused(lost);
  session.recordProgress({ next: Object.fromEntries(ranges.map(({ partition, end }) => [partition, end])) });
};

/** Describes why the log no longer holds every record that the rebuild has to read; undefined when it does. */
export const describeLostRecords = (
  topic: string,
  ranges: readonly PartitionRange[],
  { next, inPlace }: Pick<Rebuild, 'next' | 'inPlace'>,
): string | undefined => {
  for (const { partition, begin, end } of ranges) {
    const from = next[partition] ?? 0;
    if (begin <= from && from <= end) continue;
    const change =
      begin > from ? `now begins at offset ${begin}` : `ends at offset ${end}, so the topic was created again`;
    return (
      `Partition ${partition} of ${topic} ${change}, so the new view lacks records from offset ${from} on. ` +
      describeRestart({ inPlace })
    );
  }
  return undefined;
};

const maxKeysPerWrite = 2_000;

type RecordsOfKey<Event> = readonly [key: string, records: readonly ParsedRecord<Event>[]];

/** Creates a function that folds events into one generation, with one write per key and batch. */
const createGenerationWriter = <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  { number, store: storeName }: Generation,
  isDiscardedPlace?: (place: PlacePair) => boolean,
): ((byKey: ParsedBatch<Event>['byKey']) => Promise<void>) => {
  const store = stores(storeName);
  /**
   * Whether all keys of the last chunk were new, as while a fresh generation is filled: then the next ones probably are
   * too.
   */
  let assumeNewKeys = false;

  const write = async (chunk: readonly RecordsOfKey<Event>[], unread: boolean) => {
    const keys = chunk.map(([key]) => documentKey(number, key));
    const held = unread ? new Map() : await store.getMany(keys);
    const { upserts } = fold(projection, new Map(chunk), held, number, isDiscardedPlace);
    if (upserts.length > 0) await store.transact(upserts.sort((a, b) => (a.key < b.key ? -1 : 1)));
    assumeNewKeys = held.size === 0;
  };
  const writeChunk = async (chunk: readonly RecordsOfKey<Event>[]) => {
    let unread = assumeNewKeys;
    await retry(async () => {
      const skipsRead = unread;
      // If the assumption is wrong, create-if-absent fails, and the next attempt reads the keys.
      [unread, assumeNewKeys] = [false, false];
      await write(chunk, skipsRead);
    }, storeRetry);
  };

  return async (byKey) => {
    for (const chunk of splitIntoChunks([...byKey], maxKeysPerWrite)) await writeChunk(chunk);
  };
};
