import { splitIntoChunks } from '../../runtime/chunks.ts';
import { groupBy } from '../../runtime/group-by.ts';
import { fold } from '../apply/fold.ts';
import type { ParsedBatch, Step } from '../apply/parse-batch.ts';
import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import { isDiscarded } from '../generations/checkpoint-document.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import type { PartitionRange } from '../log-reader.ts';
import { persistently, type RebuildContext, RebuildRefused, readLog } from './context.ts';
import type { RebuildSession } from './rebuild-session.ts';
import { type Offsets, readDiscarded } from './registry.ts';

/** Up to a thousand events or so; `next` is the cursor behind them, undefined on the last page. */
export type SnapshotPage<Event> = { readonly events: readonly Event[]; readonly next: string | undefined };

/**
 * What the owner of the data holds now, as the last event of each key. It is read page by page and not at one moment: an
 * event is as late as its page, so the log has everything later from where it ended before the first page was read.
 */
export type Snapshot<Event> = {
  readonly name: string;
  /** From behind a cursor. @throws RebuildRefused that says what to do */
  pages(after: string | undefined): AsyncIterable<SnapshotPage<Event>>;
};

/** Fills the generation from the snapshot, from behind the page at which an earlier run stopped. */
export const loadSnapshot = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: RebuildSession,
  snapshot: Snapshot<Event>,
): Promise<void> => {
  const { into, snapshot: done } = ledger.rebuild();
  if (done?.isComplete) return;
  context.say(`Reading ${snapshot.name} …`);
  const write = createFiller(context, into);
  let count = 0;
  for await (const { events, next } of snapshot.pages(done?.after)) {
    ledger.lost.throwIfAborted();
    await write(groupBy(events.map(asStep), ({ event }) => context.projection.key(event)));
    count += events.length;
    if (next !== undefined) ledger.note({ snapshot: { after: next, isComplete: false } });
  }
  ledger.note({ snapshot: { isComplete: true } });
  // Stored before the replay begins: a rebuild that is killed there does not read the snapshot again.
  await ledger.change((held) => held);
  context.say(`${count.toLocaleString('en')} read; the log is replayed from where it ended before.`);
};

/** It is of no record, so it has no place in the log. */
const asStep = <Event>(event: Event) => ({ record: { topic: '', value: Buffer.alloc(0), timestamp: 0 }, event });

/**
 * Writes what the log has from where the rebuild is up to these ends. Records that can never be applied were dead-lettered
 * when they were delivered, and are not again.
 */
export const replay = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: RebuildSession,
  ends: Offsets,
): Promise<void> => {
  const ranges = Object.entries(ends).map(([partition, end]): PartitionRange => {
    const begin = ledger.rebuild().next[Number(partition)] ?? 0;
    return { partition: Number(partition), begin, end: Math.max(begin, end) };
  });
  const topic = context.projection.topic.name;
  ledger.note({ ends });
  const discarded = await readDiscarded(context, Object.keys(ends).map(Number));
  const write = createFiller(context, ledger.rebuild().into, ([partition, offset]) =>
    isDiscarded({ discarded: discarded.get(partition) ?? [] }, offset),
  );
  const writeBatch = async ({ byKey, poison }: ParsedBatch<Event>, at: { partition: number; next: number }) => {
    await write(byKey);
    const done = ledger.rebuild();
    ledger.note({ next: { ...done.next, [at.partition]: at.next }, setAside: done.setAside + poison.length });
  };
  await readLog(context, 'replaying', ranges, writeBatch, ledger.lost);
  // Retention may have deleted records before they were read.
  const read = Object.fromEntries(ranges.map(({ partition, begin }) => [partition, begin]));
  const lost = lostRecords(topic, await context.log.offsets(topic), read);
  if (lost !== undefined) throw new RebuildRefused(lost);
  ledger.note({ next: Object.fromEntries(ranges.map(({ partition, end }) => [partition, end])) });
};

/** Why the log no longer holds everything from these offsets on; undefined where it does. */
export const lostRecords = (topic: string, ranges: readonly PartitionRange[], next: Offsets): string | undefined => {
  for (const { partition, begin, end } of ranges) {
    const from = next[partition] ?? 0;
    if (begin <= from && from <= end) continue;
    const change = begin > from ? `begins at offset ${begin} by now` : `ends at offset ${end}, so it was recreated`;
    return (
      `Partition ${partition} of ${topic} ${change}, and what came from offset ${from} on is not in the new view. ` +
      'Give it up with npm run rebuild -- --abandon, and begin anew.'
    );
  }
  return undefined;
};

const keysPerWrite = 1_000;

type StepsOfKey<Event> = readonly [key: string, steps: readonly Step<Event>[]];

/** Folds what concerns a key into one generation: many records of a key are one write. */
const createFiller = <Event, Document>(
  { projection, stores }: RebuildContext<Event, Document>,
  { number, store: storeName }: Generation,
  isDiscardedPlace?: (place: PlacePair) => boolean,
): ((byKey: ParsedBatch<Event>['byKey']) => Promise<void>) => {
  const store = stores(storeName);
  /** Whether the last keys were all new, as they are while a fresh generation is filled: then the next ones probably are. */
  let areNew = false;

  const write = async (chunk: readonly StepsOfKey<Event>[], unread: boolean) => {
    const keys = chunk.map(([key]) => documentKey(number, key));
    const held = unread ? new Map() : await store.getMany(keys);
    const { upserts } = fold(projection, new Map(chunk), held, number, isDiscardedPlace);
    if (upserts.length > 0) await store.transact(upserts.sort((a, b) => (a.key < b.key ? -1 : 1)));
    areNew = held.size === 0;
  };
  const writeChunk = async (chunk: readonly StepsOfKey<Event>[]) => {
    let unread = areNew;
    await persistently(async () => {
      const isGuess = unread;
      // If the guess is wrong, create-if-absent fails and the keys are read.
      [unread, areNew] = [false, false];
      await write(chunk, isGuess);
    });
  };

  return async (byKey) => {
    for (const chunk of splitIntoChunks([...byKey], keysPerWrite)) await writeChunk(chunk);
  };
};
