import { DomainError } from './domain-error.ts';
import type { Topic } from './event-bus.ts';
import { documentKey, type Generation } from './generations/generation.ts';
import { asPointer, type Pointer, pointerKey, type Rebuild } from './generations/pointer.ts';
import { asPositionDocument, positionKey } from './generations/position-document.ts';
import { type StoreContext, storesOf } from './generations/stores.ts';
import type { Position } from './position.ts';
import type { StateStore } from './state-store.ts';

/**
 * `empty`: the generation that answers has never seen an event of the topic. `incomplete`: events are missing that the
 * topic once had, so a document that is not there may only be missing here. `rebuilding`: nobody may ask it yet.
 */
export type Completeness = {
  readonly state: 'empty' | 'complete' | 'incomplete' | 'rebuilding';
  /** The one that answers. */
  readonly generation: Generation;
  /** How far that one has followed each partition. */
  readonly partitions: Record<number, Position>;
  /** Those that answered before and can be switched back to. */
  readonly previous?: readonly Generation[];
  readonly rebuild?: Rebuild;
};

export type View<Document> = {
  /** @throws DomainError view-rebuilding while the view is filled in its place */
  get(key: string): Promise<Document | undefined>;
  completeness(): Promise<Completeness>;
};

/** A pointer that was read this long ago may still be gone by. */
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
  let known: { pointer: Pointer; readAt: number } | undefined;

  /** Reads the pointer anew, and keys of the home with it. */
  const look = async (...keys: string[]) => {
    const readAt = clock();
    const held = await store.getMany([pointerKey(name), ...keys]);
    known = { pointer: asPointer(held.get(pointerKey(name))?.value), readAt };
    return { ...known, held };
  };
  const read = async ({ number, store: other }: Generation, key: string) => {
    const at = documentKey(number, key);
    return (await stores(other).getMany([at])).get(at)?.value as Document | undefined;
  };
  /** In one call, where the pointer still says what it did. */
  const lookAndRead = async (key: string) => {
    const hoped = documentKey(known?.pointer.answering.number ?? 1, key);
    const { pointer, readAt, held } = await look(hoped);
    if (pointer.unready) throw rebuilding();
    const { number, store: other } = pointer.answering;
    const isRead = other === undefined && documentKey(number, key) === hoped;
    return { readAt, document: isRead ? (held.get(hoped)?.value as Document) : await read(pointer.answering, key) };
  };

  return {
    get: async (key) => {
      const asked = known;
      if (asked && !asked.pointer.unready && clock() - asked.readAt < pointerAgeMs) {
        const document = await read(asked.pointer.answering, key);
        if (document !== undefined && clock() - asked.readAt < answerWithinMs) return document;
      }
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const { document, readAt } = await lookAndRead(key);
        if (clock() - readAt < answerWithinMs) return document;
      }
      throw new Error(`the store takes longer than ${answerWithinMs / 1000} s to answer`);
    },

    completeness: async () => {
      const keys = Array.from({ length: topic.partitions }, (_, partition) => positionKey(name, topic.name, partition));
      const { pointer, held } = await look(...keys);
      const { number, store: other } = pointer.answering;
      const documents = other === undefined ? held : await stores(other).getMany(keys);
      const found = keys.map((key) => asPositionDocument(documents.get(key)?.value));
      const known = found.flatMap((document, partition) => {
        const position = document?.generations[number];
        return position && position.applied >= 0 ? [[partition, position] as const] : [];
      });
      // A list without the generation that answers: nobody keeps it up to date.
      const unkept = found.some((document) => document && !document.generations[number]);
      const gaps = unkept || known.some(([, position]) => position.missing.length > 0);
      const state = gaps ? 'incomplete' : known.length === 0 ? 'empty' : 'complete';
      return {
        state: pointer.unready ? 'rebuilding' : state,
        generation: pointer.answering,
        partitions: Object.fromEntries(known),
        ...(pointer.previous.length > 0 && { previous: pointer.previous }),
        ...(pointer.rebuild && { rebuild: pointer.rebuild }),
      };
    },
  };
};

const rebuilding = () =>
  new DomainError('view-rebuilding', 'This view is being filled again from the log; it answers when that is done.', {
    remedy: '/status says how far it is',
  });
