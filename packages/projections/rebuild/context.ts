import type { ValueObserver } from '../../runtime/lease.ts';
import { retry } from '../../runtime/retry.ts';
import { type ParsedBatch, parseBatch } from '../apply/parse-batch.ts';
import type { Projection } from '../declaration.ts';
import type { Generation } from '../generations/generation.ts';
import type { Stores } from '../generations/stores.ts';
import type { LogBatch, LogReader, PartitionRange } from '../log-reader.ts';
import { StateConflict } from '../state-store.ts';

/** Shows a person how far the log has been read. */
export type Progress = {
  begin(what: string, ranges: readonly PartitionRange[]): void;
  /** Everything of the partition before `next` is done, `events` of it just now. */
  advance(partition: number, next: number, events: number): void;
  end(): void;
};

/** For a rebuild that no person watches. */
export const noProgress: Progress = { begin: () => {}, advance: () => {}, end: () => {} };

export type RebuildContext<Event, Document> = {
  readonly projection: Projection<Event, Document>;
  readonly log: LogReader;
  readonly stores: Stores;
  /** What the home store is called. */
  readonly home: string;
  /** What people see of a document; of none, too. Two generations that show the same are the same. */
  readonly shown: (document: Document | undefined) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Who we are, to others that would do the same. */
  readonly holder: string;
  readonly say: (line: string) => void;
  readonly progress: Progress;
  /** How long to wait until no reader can hold an old pointer, in milliseconds. */
  readonly readersHoldMs: number;
  /** How long to wait before what differs is looked at again, in milliseconds. */
  readonly lookAgainAfterMs: number;
  /** Decides whether another's lease has expired; by default after ten seconds without a renewal. */
  readonly observeLease?: () => ValueObserver;
};

/** Longer than any reader uses a pointer, by far; and long enough for a change to be on its way. */
export const usualPauses = { readersHoldMs: 10_000, lookAgainAfterMs: 1_000 };

/** A rebuild that cannot begin or continue; the message says why and what to do. */
export class RebuildRefused extends Error {
  override name = 'RebuildRefused';
}

/** Another process does it already. */
export class RebuildUnderWay extends RebuildRefused {
  override name = 'RebuildUnderWay';
}

export const nameOf = ({ home }: { home: string }, { number, store = home }: Generation): string =>
  `Generation ${number} in ${store}`;

/** The numbers of the log's partitions. */
export const partitionsOf = async <Event, Document>({
  log,
  projection,
}: RebuildContext<Event, Document>): Promise<number[]> =>
  (await log.offsets(projection.topic.name)).map(({ partition }) => partition);

/** By partition the offset that the next record gets. */
export const endsOf = (ranges: readonly PartitionRange[]): Record<number, number> =>
  Object.fromEntries(ranges.map(({ partition, end }) => [partition, end]));

/** Reads these ranges of the log, batch by batch, and shows how far it is; `what` names it to a person. */
export const readLog = async <Event, Document>(
  { projection, log, progress }: RebuildContext<Event, Document>,
  what: string,
  ranges: readonly PartitionRange[],
  handle: (parsed: ParsedBatch<Event>, batch: LogBatch) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> => {
  progress.begin(what, ranges);
  const parseAndHandle = async (batch: LogBatch) => {
    await handle(await parseBatch(projection, batch.records), batch);
    progress.advance(batch.partition, batch.next, batch.records.length);
  };
  await log.read(projection.topic.name, ranges, parseAndHandle, signal);
  progress.end();
};

const giveUpAfterMs = 60_000;
const askAgainAfterMs = 500;

/**
 * Does it again while the store fails or another was there first, for a minute at most. What is done must read anew each
 * time, for a failed write may have been applied in part.
 */
export const persistently = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    while: (error): error is unknown => !(error instanceof RebuildRefused),
    timeoutMs: giveUpAfterMs,
    backoff: (_, error) => (error instanceof StateConflict ? Math.random() * 20 : askAgainAfterMs),
  });
