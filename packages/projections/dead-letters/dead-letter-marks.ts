import type { DeliveredRecord } from '../event-bus.ts';

/** Partition and offset; of a record without a place `noPlace`. */
export type PlacePair = readonly [partition: number, offset: number];
const noPlace: PlacePair = [-1, -1];

/**
 * What a stored document has beside its content. `at` is the place of the record that it shows, where `evolve` keeps it.
 * `deadLetters` are the places of records that concern it and could not be read: until each is superseded, replayed or
 * discarded, the document may be out of date. A stored document may consist of such marks alone.
 */
type Tracked = { readonly at?: PlacePair; readonly deadLetters?: readonly PlacePair[] };

export type Marked<Document> = { readonly document: Document | undefined; readonly marks: readonly PlacePair[] };

/** The highest of so many are kept: what supersedes them supersedes the others, too. */
const mostMarks = 100;
const none: readonly PlacePair[] = [];

/** A replayed record counts where the original is. */
export const placeOf = ({ partition, offset, replayOf }: DeliveredRecord): PlacePair => {
  if (replayOf) return [replayOf.partition, replayOf.offset];
  return partition === undefined || offset === undefined ? noPlace : [partition, offset];
};

/** Its own place where it claims to repeat one that is not believed: under that it is dead-lettered. */
export const deadLetterPlaceOf = ({ replayOf, ...record }: DeliveredRecord): PlacePair =>
  placeOf(replayOf && replayOf.offset >= 0 ? { ...record, replayOf } : record);

export const splitMarks = <Document>(stored: unknown): Marked<Document> => {
  if (stored === undefined || stored === null) return { document: undefined, marks: none };
  if (!Object.hasOwn(stored, 'deadLetters')) return { document: stored as Document, marks: none };
  const { deadLetters = none, ...rest } = stored as Tracked;
  return { document: Object.keys(rest).length === 0 ? undefined : (rest as Document), marks: deadLetters };
};

export const joinMarks = <Document>({ document, marks }: Marked<Document>): unknown =>
  document !== undefined && marks.length === 0 ? document : { ...document, deadLetters: marks };

/** Not where the document shows a later record of the same partition: that one was written by who knew the lost one. */
export const addMark = ({ document, marks }: Marked<unknown>, [partition, offset]: PlacePair): readonly PlacePair[] => {
  const { at } = (document ?? {}) as Tracked;
  if (at?.[0] === partition && at[1] > offset) return marks;
  if (marks.some((mark) => mark[0] === partition && mark[1] === offset)) return marks;
  return [...marks, [partition, offset] as const].sort((a, b) => a[1] - b[1]).slice(-mostMarks);
};

/**
 * A record that was read clears its own mark; one that changed the document also clears those before it. Without places
 * only a change clears, for any record may be an old one again.
 */
export const clearMarks = (
  marks: readonly PlacePair[],
  [partition, offset]: PlacePair,
  { hasChanged }: { hasChanged: boolean },
): readonly PlacePair[] => {
  const isLeft = (mark: PlacePair) => {
    if (mark[0] !== partition) return true;
    if (partition === noPlace[0]) return !hasChanged;
    return hasChanged ? mark[1] > offset : mark[1] !== offset;
  };
  const left = marks.filter(isLeft);
  return left.length === marks.length ? marks : left;
};
