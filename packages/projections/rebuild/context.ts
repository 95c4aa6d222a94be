import type { ValueObserver } from '../../runtime/lease.ts';
import type { RetryPolicy } from '../../runtime/retry.ts';
import { type ParsedBatch, parseBatch } from '../apply/parse-batch.ts';
import type { Projection } from '../declaration.ts';
import type { Generation } from '../generations/generation.ts';
import type { Stores } from '../generations/stores.ts';
import type { LogBatch, LogReader, PartitionRange } from '../log-reader.ts';
import { StateConflict } from '../state-store.ts';

/** Reports progress in the log to the operator. */
export type Progress = {
  begin(what: string, ranges: readonly PartitionRange[]): void;
  /** All records of the partition before the offset `next` are done, `events` of them since the last call. */
  advance(partition: number, next: number, events: number): void;
  end(): void;
};

/** For a rebuild without an operator. */
export const noProgress: Progress = { begin: () => {}, advance: () => {}, end: () => {} };

export type RebuildContext<Event, Document> = {
  readonly projection: Projection<Event, Document>;
  readonly log: LogReader;
  readonly stores: Stores;
  /** The name of the primary store. */
  readonly primaryStore: string;
  /** What an operator sees of a document, or of an absent one. Documents with the same display value count as equal. */
  readonly toDisplayValue: (document: Document | undefined) => string;
  /** What to do if the log has lost events of the live view. Default: a rebuild from the source of truth. */
  readonly lostLogRemedy?: string;
  /** In ms since 1970. */
  readonly now: () => number;
  /** Identifies this process as the holder of the lease. */
  readonly holder: string;
  readonly report: (line: string) => void;
  readonly progress: Progress;
  /** The time in ms after which no reader uses an old pointer any more. */
  readonly pointerExpiryMs: number;
  /** The pause before differences are compared again, in ms. */
  readonly recheckAfterMs: number;
  /** Decides whether the lease of another process has expired. Default: after ten seconds without a renewal. */
  readonly observeLease?: () => ValueObserver;
};

/** A reader uses a pointer for at most a second; a change arrives within the pause before the next comparison. */
export const defaultPauses = { pointerExpiryMs: 10_000, recheckAfterMs: 1_000 };

/** A rebuild cannot begin or continue; the message says why and what to do. */
export class RebuildRefused extends Error {
  override name = 'RebuildRefused';
}

/** Another process holds the lease of the rebuild. */
export class RebuildInProgress extends RebuildRefused {
  override name = 'RebuildInProgress';
}

export const describeGeneration = (
  { primaryStore }: { primaryStore: string },
  { number, store = primaryStore }: Generation,
): string => `Generation ${number} in ${store}`;

/** Reads the numbers of the topic's partitions. */
export const readPartitions = async <Event, Document>({
  log,
  projection,
}: RebuildContext<Event, Document>): Promise<number[]> =>
  (await log.offsets(projection.topic.name)).map(({ partition }) => partition);

/** The end offset of each partition. */
export const endOffsetsOf = (ranges: readonly PartitionRange[]): Record<number, number> =>
  Object.fromEntries(ranges.map(({ partition, end }) => [partition, end]));

/** Reads ranges of the log batch by batch, parses them, and reports progress; `what` names the step to the operator. */
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

const retryTimeoutMs = 60_000;
const retryAfterMs = 500;

/**
 * Retries every failure of the store and every conflict, for a minute at most. The work has to read again at each
 * attempt, because a failed write may have been applied in part.
 */
export const storeRetry: RetryPolicy<unknown> = {
  while: (error): error is unknown => !(error instanceof RebuildRefused),
  timeoutMs: retryTimeoutMs,
  backoff: (_, error) => (error instanceof StateConflict ? Math.random() * 20 : retryAfterMs),
};
