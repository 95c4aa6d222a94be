import {
  addMark,
  clearMarks,
  deadLetterPlaceOf,
  joinMarks,
  type PlacePair,
  placeOf,
  splitMarks,
} from '../dead-letters/dead-letter-marks.ts';
import type { Projection } from '../declaration.ts';
import { documentKey } from '../generations/generation.ts';
import type { StoredValue, Upsert } from '../state-store.ts';
import type { ParsedBatch } from './parse-batch.ts';

export type Folded = {
  readonly upserts: Upsert[];
  /** Events, by what became of them. */
  readonly counts: Record<string, number>;
  /** By key, of the documents that have or had marks of dead letters: the marks that they have now. */
  readonly marked: ReadonlyMap<string, readonly PlacePair[]>;
};

/** Folds the events of each key into what a generation holds of it. */
export const fold = <Event, Document>(
  { evolve, classify }: Projection<Event, Document>,
  byKey: ParsedBatch<Event>['byKey'],
  held: ReadonlyMap<string, StoredValue>,
  number: number,
  isDiscarded: (place: PlacePair) => boolean = () => false,
): Folded => {
  const upserts: Upsert[] = [];
  const classes: Record<string, number> = {};
  const marked = new Map<string, readonly PlacePair[]>();
  let [seen, ignored] = [0, 0];
  for (const [plainKey, steps] of byKey) {
    const key = documentKey(number, plainKey);
    const before = held.get(key);
    const stored = splitMarks<Document>(before?.value);
    let { document, marks } = stored;
    for (const { record, event } of steps) {
      if (event === undefined) {
        const own = deadLetterPlaceOf(record);
        if (!isDiscarded(own)) marks = addMark({ document, marks }, own);
        continue;
      }
      const place = placeOf(record);
      const what = classify?.(document, event);
      if (what) classes[what] = (classes[what] ?? 0) + 1;
      const evolved = evolve(document, event);
      seen++;
      if (evolved === document) ignored++;
      if (marks.length > 0) marks = clearMarks(marks, place, { hasChanged: evolved !== document });
      document = evolved;
    }
    if (stored.marks.length > 0 || marks.length > 0) marked.set(plainKey, marks);
    if (document !== stored.document || marks !== stored.marks)
      upserts.push({ key, value: joinMarks({ document, marks }), etag: before?.etag });
  }
  const counts = { ...classes, ...(seen > ignored && { applied: seen - ignored }), ...(ignored > 0 && { ignored }) };
  return { upserts, counts, marked };
};
