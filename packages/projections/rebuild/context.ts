import type { ValueObserver } from '../../runtime/lease.ts';
import type { Projection } from '../declaration.ts';
import type { Generation } from '../generations/generation.ts';
import type { Stores } from '../generations/stores.ts';
import type { LogReader, PartitionRange } from '../log-reader.ts';

/** Shows a person how far a passage through the log is. */
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
  /** How long to wait until nobody can hold an old pointer, in milliseconds. */
  readonly readersHoldMs: number;
  /** How long to wait before what differs is looked at again, in milliseconds. */
  readonly lookAgainAfterMs: number;
  /** Decides whether another's lease has expired; by default after ten seconds without a renewal. */
  readonly observeLease?: () => ValueObserver;
};

/** Longer than any reader uses a pointer, by far; and long enough for a change to be on its way. */
export const usualPauses = { readersHoldMs: 10_000, lookAgainAfterMs: 1_000 };

export const nameOf = ({ home }: { home: string }, { number, store = home }: Generation): string =>
  `Generation ${number} in ${store}`;

/** The numbers of the log's partitions. */
export const partitionsOf = async <Event, Document>({
  log,
  projection,
}: RebuildContext<Event, Document>): Promise<number[]> =>
  (await log.offsets(projection.topic.name)).map(({ partition }) => partition);
