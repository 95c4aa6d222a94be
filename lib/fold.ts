import { documentKey } from './generations/generation.ts';
import type { Projection } from './projection-declaration.ts';
import type { StoredValue, Upsert } from './state-store.ts';

/** Folds the events of each key into what a generation holds of it. Counts them, by what became of them. */
export const fold = <Event, Document>(
  { evolve, remark }: Projection<Event, Document>,
  byKey: ReadonlyMap<string, readonly Event[]>,
  held: ReadonlyMap<string, StoredValue>,
  number: number,
) => {
  const upserts: Upsert[] = [];
  const counts: Record<string, number> = {};
  const count = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  for (const [plainKey, events] of byKey) {
    const key = documentKey(number, plainKey);
    const before = held.get(key);
    let document = before?.value as Document | undefined;
    for (const event of events) {
      const what = remark?.(document, event);
      if (what) count(what);
      const evolved = evolve(document, event);
      count(evolved === document ? 'ignored' : 'applied');
      document = evolved;
    }
    if (document !== before?.value) upserts.push({ key, value: document, etag: before?.etag });
  }
  return { upserts, counts };
};
