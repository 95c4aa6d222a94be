import type { Topic } from '../event-bus.ts';
import { documentKey, type Generation } from '../generations/generation.ts';
import { asPointer, type Pointer, pointerKey } from '../generations/pointer.ts';
import { asPositionDocument, positionKey } from '../generations/position-document.ts';
import { type StoreContext, storesOf } from '../generations/stores.ts';
import type { StateStore, StoredValue } from '../state-store.ts';
import { type Completeness, completenessOf, refusalOf } from './completeness.ts';

export type View<Document> = {
  /** @throws DomainError view-rebuilding while the view is filled in its place, view-incomplete when events are missing */
  get(key: string): Promise<Document | undefined>;
  completeness(): Promise<Completeness>;
};

/** A pointer that was read this long ago may still be gone by, and so may what was missing then. */
export const pointerAgeMs = 1_000;
/** A reader that slept on its way reads again: what it was pointed to may have been deleted meanwhile. */
export const answerWithinMs = 3_000;
const attempts = 3;

/**
 * The reading side of a projection. Reads the store at every call, so what another instance wrote is seen at once; of the
 * generations the one that the pointer names. That something is absent is never said by an old pointer.
 */
export const openView = <Document>(
  { name, topic }: { name: string; topic: Topic },
  store: StateStore,
  {
    otherStore,
    clock = () => performance.now(),
  }: { otherStore?: StoreContext['otherStore']; clock?: () => number } = {},
): View<Document> => {
  const stores = storesOf({ store, otherStore });
  const positionKeys = Array.from({ length: topic.partitions }, (_, n) => positionKey(name, topic.name, n));
  const documentsIn = (held: ReadonlyMap<string, StoredValue>) =>
    positionKeys.map((key) => asPositionDocument(held.get(key)?.value));
  let known: { pointer: Pointer; completeness: Completeness; readAt: number } | undefined;

  /** Reads the pointer and the positions anew, and keys of the home with them. */
  const look = async (...keys: string[]) => {
    const readAt = clock();
    const held = await store.getMany([pointerKey(name), ...positionKeys, ...keys]);
    const pointer = asPointer(held.get(pointerKey(name))?.value);
    const { store: other } = pointer.answering;
    const positions = other === undefined ? held : await stores(other).getMany(positionKeys);
    const documents = documentsIn(positions);
    const looked = { pointer, completeness: completenessOf(pointer, documents, documentsIn(held)), readAt };
    known = looked;
    return { ...looked, held };
  };
  const read = async ({ number, store: other }: Generation, key: string) => {
    const at = documentKey(number, key);
    return (await stores(other).getMany([at])).get(at)?.value as Document | undefined;
  };
  /** In one call, where the pointer still says what it did. */
  const lookAndRead = async (key: string) => {
    const hoped = documentKey(known?.pointer.answering.number ?? 1, key);
    const { pointer, completeness, readAt, held } = await look(hoped);
    const refusal = refusalOf(completeness);
    if (refusal) throw refusal;
    const { number, store: other } = pointer.answering;
    const isRead = other === undefined && documentKey(number, key) === hoped;
    return { readAt, document: isRead ? (held.get(hoped)?.value as Document) : await read(pointer.answering, key) };
  };

  return {
    get: async (key) => {
      const asked = known;
      if (asked && !refusalOf(asked.completeness) && clock() - asked.readAt < pointerAgeMs) {
        const document = await read(asked.pointer.answering, key);
        if (document !== undefined && clock() - asked.readAt < answerWithinMs) return document;
      }
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const { document, readAt } = await lookAndRead(key);
        if (clock() - readAt < answerWithinMs) return document;
      }
      throw new Error(`the store takes longer than ${answerWithinMs / 1000} s to answer`);
    },

    completeness: async () => (await look()).completeness,
  };
};
