import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import { isDiscarded } from '../generations/position-document.ts';
import type { LogBatch, PartitionRange } from '../log-reader.ts';
import type { RebuildContext } from './context.ts';
import { filler } from './fill.ts';
import type { Ledger } from './ledger.ts';
import { type Offsets, readDiscarded } from './listing.ts';
import { refuseLostRecords } from './preflight.ts';

/** Writes what the log has from where the rebuild is up to these ends. */
export const replay = async <Event, Document>(
  context: RebuildContext<Event, Document>,
  ledger: Ledger,
  ends: Offsets,
) => {
  const { projection, log, progress } = context;
  const ranges = Object.entries(ends).map(([partition, end]): PartitionRange => {
    const begin = ledger.rebuild().next[Number(partition)] ?? 0;
    return { partition: Number(partition), begin, end: Math.max(begin, end) };
  });
  ledger.note({ ends });
  progress.begin('replaying', ranges);
  const discarded = await readDiscarded(context, Object.keys(ends).map(Number));
  const fill = filler(context, ledger.rebuild().into, ([partition, offset]: PlacePair) =>
    isDiscarded({ discarded: discarded.get(partition) ?? [] }, offset),
  );
  const writePiece = async ({ partition, records, next }: LogBatch) => {
    const poison = await fill(records);
    const done = ledger.rebuild();
    ledger.note({ next: { ...done.next, [partition]: next }, setAside: done.setAside + poison });
    progress.advance(partition, next, records.length);
  };
  await log.read(projection.topic.name, ranges, writePiece, ledger.lost);
  progress.end();
  // Retention may have deleted records before they were read.
  const read = Object.fromEntries(ranges.map(({ partition, begin }) => [partition, begin]));
  refuseLostRecords(context, await log.offsets(projection.topic.name), read);
  ledger.note({ next: Object.fromEntries(ranges.map(({ partition, end }) => [partition, end])) });
};

/** By partition the offset that the next record gets. */
export const endsOf = (ranges: readonly PartitionRange[]): Offsets =>
  Object.fromEntries(ranges.map(({ partition, end }) => [partition, end]));
