import type { DeliveredRecord } from '../event-bus.ts';

/** Partition and offset of a record; `noPlace` for a record without them. */
export type PlacePair = readonly [partition: number, offset: number];
const noPlace: PlacePair = [-1, -1];

/** The place of an unreadable record. With `true` it also represents earlier ones of its partition, which are not kept. */
export type Mark = readonly [partition: number, offset: number, hasEarlier?: true];

/** What is kept of the unreadable records about a document. */
type Marks = {
  /** The places of all of them, in the order of the log, without those that were replayed or discarded. */
  readonly unreadable: readonly Mark[];
  /** The places of originals whose replay could be read. The original may be delivered again, or after its replay. */
  readonly replayed: readonly PlacePair[];
};

/**
 * The bookkeeping fields of a stored document. `at` is the place of the record that it shows, where `evolve` keeps it.
 * While there are `deadLetters`, the document may be out of date. The other unreadable records are superseded by the one
 * that it shows. A stored document may consist of marks alone.
 */
type BookkeepingFields = {
  readonly at?: PlacePair;
  readonly deadLetters?: readonly Mark[];
  readonly supersededDeadLetters?: readonly Mark[];
  readonly replayedDeadLetters?: readonly PlacePair[];
};

export type MarkedDocument<Document> = { readonly document: Document | undefined; readonly marks: Marks };

/** The maximum number of places per document, kind and partition. */
const maxPlaces = 100;
export const noMarks: Marks = { unreadable: [], replayed: [] };

/** The place by which a record is ordered: for a replay the place of the original. */
export const placeOf = ({ partition, offset, replayOf }: DeliveredRecord): PlacePair => {
  if (replayOf) return [replayOf.partition, replayOf.offset];
  return partition === undefined || offset === undefined ? noPlace : [partition, offset];
};

/** The place with which a record is dead-lettered: its own, if its `replay-of` header was not accepted. */
export const deadLetterPlaceOf = ({ replayOf, ...record }: DeliveredRecord): PlacePair =>
  placeOf(replayOf && replayOf.offset >= 0 ? { ...record, replayOf } : record);

const bookkeeping = ['deadLetters', 'supersededDeadLetters', 'replayedDeadLetters'];

/** Separates a stored value into the document and its dead-letter marks. */
export const splitMarks = <Document>(stored: unknown): MarkedDocument<Document> => {
  if (stored === undefined || stored === null) return { document: undefined, marks: noMarks };
  if (!bookkeeping.some((field) => Object.hasOwn(stored, field)))
    return { document: stored as Document, marks: noMarks };
  const {
    deadLetters = [],
    supersededDeadLetters = [],
    replayedDeadLetters: replayed = [],
    ...rest
  } = stored as BookkeepingFields;
  const unreadable = [...supersededDeadLetters, ...deadLetters].sort(comparePlaces);
  return {
    document: Object.keys(rest).length === 0 ? undefined : (rest as Document),
    marks: unreadable.length + replayed.length === 0 ? noMarks : { unreadable, replayed },
  };
};

/** Superseded marks are stored apart, so that an earlier version of the program answers as well. */
export const joinMarks = <Document>(marked: MarkedDocument<Document>): unknown => {
  const { document, marks } = marked;
  if (document !== undefined && marks === noMarks) return document;
  const open = listOpenMarks(marked);
  const superseded = marks.unreadable.filter((mark) => !open.includes(mark));
  return {
    ...document,
    ...((open.length > 0 || document === undefined) && { deadLetters: open }),
    ...(superseded.length > 0 && { supersededDeadLetters: superseded }),
    ...(marks.replayed.length > 0 && { replayedDeadLetters: marks.replayed }),
  };
};

/**
 * The marks because of which the document may be out of date: all but those of records that are earlier in the partition
 * of the record that it shows. They follow from what is stored, so they do not depend on the order of delivery.
 */
export const listOpenMarks = ({ document, marks }: MarkedDocument<unknown>): readonly Mark[] => {
  const { at } = (document ?? {}) as BookkeepingFields;
  return at ? marks.unreadable.filter((mark) => mark[0] !== at[0] || mark[1] >= at[1]) : marks.unreadable;
};

/** Whether the unreadable record at a place is one of the marks, or represented by one. */
export const includesPlace = (marks: readonly Mark[], [partition, offset]: PlacePair): boolean =>
  marks.some((mark) => mark[0] === partition && (mark[1] === offset || (mark[2] === true && mark[1] > offset)));

/** Adds the place of an unreadable record. */
export const addMark = (marks: Marks, place: PlacePair): Marks => {
  if (includesPlace(marks.unreadable, place) || marks.replayed.some((one) => isSamePlace(one, place))) return marks;
  const { kept, dropped } = insertPlace(marks.unreadable, place);
  const unreadable = kept.map((mark) => (mark === dropped?.next ? ([mark[0], mark[1], true] as const) : mark));
  return { ...marks, unreadable };
};

/**
 * Clears the mark of an original whose replay was read. A change of a document that does not keep the place of its record also
 * clears the marks before it; records without partition and offset clear marks only so, because each of them may be an
 * old record that is delivered again.
 */
export const clearMarks = (
  marks: Marks,
  record: DeliveredRecord,
  { document, hasChanged }: { readonly document: unknown; readonly hasChanged: boolean },
): Marks => {
  const place = placeOf(record);
  const [partition, offset] = place;
  const clearsEarlier = hasChanged && (document as BookkeepingFields).at === undefined;
  const isCleared = (mark: Mark) => clearsEarlier && mark[0] === partition && mark[1] <= offset;
  const unreadable = marks.unreadable.filter((mark) => !isCleared(mark));
  const left = unreadable.length === marks.unreadable.length ? marks : toMarks({ ...marks, unreadable });
  if (!record.replayOf || offset < 0) return left;
  const { replayed } = left;
  const isKnown = replayed.some((one) => isSamePlace(one, place));
  return removeMarks(isKnown ? left : { ...left, replayed: insertPlace(replayed, place).kept }, [place]);
};

/** Removes the marks of these places. A mark that also represents earlier records stays: a later record supersedes it. */
export const removeMarks = (marks: Marks, places: readonly PlacePair[]): Marks => {
  const isKept = (mark: Mark) => mark[2] === true || !places.some((place) => isSamePlace(mark, place));
  const unreadable = marks.unreadable.filter(isKept);
  return unreadable.length === marks.unreadable.length ? marks : toMarks({ ...marks, unreadable });
};

const toMarks = (marks: Marks): Marks => (marks.unreadable.length + marks.replayed.length === 0 ? noMarks : marks);

/** Inserts a place, and drops the earliest of its partition if there are too many; `next` is the earliest one that is kept. */
const insertPlace = <Place extends Mark>(places: readonly Place[], place: Place) => {
  const all = [...places, place].sort(comparePlaces);
  const [earliest, next, ...others] = all.filter((one) => one[0] === place[0]);
  if (others.length + 2 <= maxPlaces) return { kept: all };
  return { kept: all.filter((one) => one !== earliest), dropped: { next } };
};

const isSamePlace = (one: Mark, other: Mark): boolean => one[0] === other[0] && one[1] === other[1];

const comparePlaces = (one: Mark, other: Mark): number => one[0] - other[0] || one[1] - other[1];
