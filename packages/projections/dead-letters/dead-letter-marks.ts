import type { DeliveredRecord } from '../event-bus.ts';

/** Partition and offset of a record; `noPlace` for a record without them. */
export type PlacePair = readonly [partition: number, offset: number];
const noPlace: PlacePair = [-1, -1];

/**
 * The bookkeeping fields of a stored document. `at` is the place of the record that it shows, where `evolve` keeps it.
 * `deadLetters` are the places of unreadable records about it: until each is superseded, replayed or discarded, the
 * document may be out of date. A stored document may consist of marks alone.
 */
type BookkeepingFields = { readonly at?: PlacePair; readonly deadLetters?: readonly PlacePair[] };

export type MarkedDocument<Document> = {
  readonly document: Document | undefined;
  readonly marks: readonly PlacePair[];
};

/**
 * The maximum number of marks per document. Those with the highest offsets are kept, because a change that supersedes
 * them supersedes the others too.
 */
const maxMarks = 100;
const none: readonly PlacePair[] = [];

/** The place by which a record is ordered: for a replay the place of the original. */
export const placeOf = ({ partition, offset, replayOf }: DeliveredRecord): PlacePair => {
  if (replayOf) return [replayOf.partition, replayOf.offset];
  return partition === undefined || offset === undefined ? noPlace : [partition, offset];
};

/** The place with which a record is dead-lettered: its own, if its `replay-of` header was not accepted. */
export const deadLetterPlaceOf = ({ replayOf, ...record }: DeliveredRecord): PlacePair =>
  placeOf(replayOf && replayOf.offset >= 0 ? { ...record, replayOf } : record);

/** Separates a stored value into the document and its dead-letter marks. */
export const splitMarks = <Document>(stored: unknown): MarkedDocument<Document> => {
  if (stored === undefined || stored === null) return { document: undefined, marks: none };
  if (!Object.hasOwn(stored, 'deadLetters')) return { document: stored as Document, marks: none };
  const { deadLetters = none, ...rest } = stored as BookkeepingFields;
  return { document: Object.keys(rest).length === 0 ? undefined : (rest as Document), marks: deadLetters };
};

export const joinMarks = <Document>({ document, marks }: MarkedDocument<Document>): unknown =>
  document !== undefined && marks.length === 0 ? document : { ...document, deadLetters: marks };

/**
 * Adds a mark, unless the document shows a later record of the same partition. That record was published after the
 * unreadable one, so it supersedes it.
 */
export const addMark = (
  { document, marks }: MarkedDocument<unknown>,
  [partition, offset]: PlacePair,
): readonly PlacePair[] => {
  const { at } = (document ?? {}) as BookkeepingFields;
  if (at?.[0] === partition && at[1] > offset) return marks;
  if (marks.some((mark) => mark[0] === partition && mark[1] === offset)) return marks;
  return [...marks, [partition, offset] as const].sort((a, b) => a[1] - b[1]).slice(-maxMarks);
};

/**
 * Clears the mark of the record itself; if the record changed the document, also the marks before it. Records without
 * partition and offset clear marks only by a change, because each of them may be an old record that is delivered again.
 */
export const clearMarks = (
  marks: readonly PlacePair[],
  [partition, offset]: PlacePair,
  { hasChanged }: { hasChanged: boolean },
): readonly PlacePair[] => {
  const isKept = (mark: PlacePair) => {
    if (mark[0] !== partition) return true;
    if (partition === noPlace[0]) return !hasChanged;
    return hasChanged ? mark[1] > offset : mark[1] !== offset;
  };
  const kept = marks.filter(isKept);
  return kept.length === marks.length ? marks : kept;
};
