import {
  addMark,
  clearMarks,
  deadLetterPlaceOf,
  joinMarks,
  listOpenMarks,
  type Mark,
  noMarks,
  type PlacePair,
  splitMarks,
} from '../dead-letters/dead-letter-marks.ts';
import type { Projection } from '../declaration.ts';
import { documentKey } from '../generations/generation.ts';
import type { StoredValue, Upsert } from '../state-store.ts';
import type { ParsedBatch } from './parse-batch.ts';

export type FoldResult = {
  readonly upserts: Upsert[];
  /** Number of events by outcome: applied, ignored, and the classifications of the projection. */
  readonly counts: Record<string, number>;
  /** Per key the dead-letter marks that are open, for each document that has or had marks. */
  readonly marked: ReadonlyMap<string, readonly Mark[]>;
};

/** Folds the events of each key into the document of one generation, and returns the upserts. */
export const fold = <Event, Document>(
  { evolve, classify }: Projection<Event, Document>,
  byKey: ParsedBatch<Event>['byKey'],
  held: ReadonlyMap<string, StoredValue>,
  number: number,
  isDiscarded: (place: PlacePair) => boolean = () => false,
): FoldResult => {
  const upserts: Upsert[] = [];
  const classifications: Record<string, number> = {};
  const marked = new Map<string, readonly Mark[]>();
  let [total, ignored] = [0, 0];
  for (const [plainKey, records] of byKey) {
    const key = documentKey(number, plainKey);
    const before = held.get(key);
    const stored = splitMarks<Document>(before?.value);
    let { document, marks } = stored;
    for (const { record, event } of records) {
      if (event === undefined) {
        const place = deadLetterPlaceOf(record);
        if (!isDiscarded(place)) marks = addMark(marks, place);
        continue;
      }
      const classification = classify?.(document, event);
      if (classification) classifications[classification] = (classifications[classification] ?? 0) + 1;
      const evolved = evolve(document, event);
      total++;
      if (evolved === document) ignored++;
      if (marks !== noMarks || record.replayOf)
        marks = clearMarks(marks, record, { document: evolved, hasChanged: evolved !== document });
      document = evolved;
    }
    if (stored.marks !== noMarks || marks !== noMarks) marked.set(plainKey, listOpenMarks({ document, marks }));
    if (document !== stored.document || marks !== stored.marks)
      upserts.push({ key, value: joinMarks({ document, marks }), etag: before?.etag });
  }
  const counts = {
    ...classifications,
    ...(total > ignored && { applied: total - ignored }),
    ...(ignored > 0 && { ignored }),
  };
  return { upserts, counts, marked };
};
