import { documentKey } from '../generations/generation.ts';
import type { StoredValue, Upsert } from '../state-store.ts';
import type { Projection } from './declaration.ts';

/** Folds the events of each key into what a generation holds of it. Counts them, by what became of them. */
export const fold = <Event, Document>(
  { evolve, remark }: Projection<Event, Document>,
  byKey: ReadonlyMap<string, readonly Event[]>,
  held: ReadonlyMap<string, StoredValue>,
  number: number,
) => {
  const upserts: Upsert[] = [];
  const remarks: Record<string, number> = {};
  let [seen, ignored] = [0, 0];
  for (const [plainKey, events] of byKey) {
    const key = documentKey(number, plainKey);
    const before = held.get(key);
    let document = before?.value as Document | undefined;
    for (const event of events) {
      const what = remark?.(document, event);
      if (what) remarks[what] = (remarks[what] ?? 0) + 1;
      const evolved = evolve(document, event);
      seen++;
      if (evolved === document) ignored++;
      document = evolved;
    }
    if (document !== before?.value) upserts.push({ key, value: document, etag: before?.etag });
  }
  const counts = { ...remarks, ...(seen > ignored && { applied: seen - ignored }), ...(ignored > 0 && { ignored }) };
  return { upserts, counts };
};
