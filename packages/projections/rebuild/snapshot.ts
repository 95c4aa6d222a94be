import { groupBy } from '../../runtime/group-by.ts';
import type { RebuildContext } from './context.ts';
import { stepWriter } from './fill.ts';
import type { Ledger } from './ledger.ts';

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

/** It is of no record, so it has no place in the log. */
const asStep = <Event>(event: Event) => ({ record: { topic: '', value: Buffer.alloc(0), timestamp: 0 }, event });

/** Fills the generation from the snapshot, from behind the page at which an earlier run stopped. */
export const loadSnapshot = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: Ledger,
  snapshot: Snapshot<Event>,
): Promise<void> => {
  const { into, snapshot: done } = ledger.rebuild();
  if (done?.isComplete) return;
  context.say(`Reading ${snapshot.name} …`);
  const write = stepWriter(context, into);
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
