import { DomainError } from '../runtime/domain-error.ts';
import { type Completeness, completenessOf, refusalOf } from './completeness.ts';
import { type PlacePair, splitMarks } from './dead-letters/dead-letter-marks.ts';
import type { Topic } from './event-bus.ts';
import { asCheckpointDocument, checkpointKey } from './generations/checkpoint-document.ts';
import { documentKey, type Generation } from './generations/generation.ts';
import { asPointer, type Pointer, pointerKey } from './generations/pointer.ts';
import { type StoreContext, storesOf } from './generations/stores.ts';
import type { StateStore, StoredValue } from './state-store.ts';

export type View<Document> = {
  /**
   * @throws DomainError view-rebuilding while the view is filled in its place, view-incomplete when events are missing,
   * record-dead-lettered when a record about the key could not be read, log-unavailable before view and log were compared
   */
  get(key: string): Promise<Document | undefined>;
  completeness(): Promise<Completeness>;
};

/** A pointer that was read this long ago may still be used, and so may what was missing then. */
export const pointerAgeMs = 1_000;
/** A reader that was suspended on its way reads again: what it was pointed to may have been deleted meanwhile. */
export const answerWithinMs = 3_000;
const attempts = 3;

export type ViewOptions = Pick<StoreContext, 'secondaryStore'> & {
  /** How many partitions the broker has; as many as are declared where that is not asked. */
  readonly partitions?: (() => Promise<number>) | undefined;
  /** Monotonic, in milliseconds. */
  readonly clock?: () => number;
};

/**
 * The reading side of a projection. Reads the store at every call, so what another instance wrote is seen at once; of the
 * generations the one that the pointer names. An old pointer never leads to the answer that something is absent.
 */
export const openView = <Document extends object>(
  { name, topic }: { name: string; topic: Topic },
  store: StateStore,
  { secondaryStore, partitions = async () => topic.partitions, clock = () => performance.now() }: ViewOptions = {},
): View<Document> => {
  const stores = storesOf({ store, secondaryStore: secondaryStore });
  let known: { pointer: Pointer; completeness: Completeness; readAt: number } | undefined;

  const positionKeys = async () => {
    const many = await partitions().catch((cause: Error) => {
      throw new DomainError('log-unavailable', `This view and the log have not been compared yet: ${cause.message}`, {
        remedy: 'try again; /readyz says what is missing',
        cause,
      });
    });
    return Array.from({ length: many }, (_, n) => checkpointKey(name, topic.name, n));
  };
  /** Reads the pointer and the positions anew, and keys of the home with them. */
  const look = async (...keys: string[]) => {
    const ofPositions = await positionKeys();
    const documentsIn = (held: ReadonlyMap<string, StoredValue>) =>
      ofPositions.map((key) => asCheckpointDocument(held.get(key)?.value));
    const readAt = clock();
    const held = await store.getMany([pointerKey(name), ...ofPositions, ...keys]);
    const pointer = asPointer(held.get(pointerKey(name))?.value);
    const { store: other } = pointer.answering;
    const positions = other === undefined ? held : await stores(other).getMany(ofPositions);
    const completeness = completenessOf(pointer, documentsIn(positions), documentsIn(held));
    const looked = { pointer, completeness, readAt };
    known = looked;
    return { ...looked, held };
  };
  const read = async ({ number, store: other }: Generation, key: string) => {
    const at = documentKey(number, key);
    return (await stores(other).getMany([at])).get(at)?.value;
  };
  /** In one call, where the pointer still says what it did. */
  const lookAndRead = async (key: string) => {
    const expected = documentKey(known?.pointer.answering.number ?? 1, key);
    const { pointer, completeness, readAt, held } = await look(expected);
    const refusal = refusalOf(completeness);
    if (refusal) throw refusal;
    const { number, store: other } = pointer.answering;
    const isRead = other === undefined && documentKey(number, key) === expected;
    return { readAt, stored: isRead ? held.get(expected)?.value : await read(pointer.answering, key) };
  };
  const show = (key: string, stored: unknown): Document | undefined => {
    const { document, marks } = splitMarks<Document & { at?: PlacePair }>(stored);
    if (document === undefined) return undefined;
    if (marks.length > 0) throw deadLettered(topic.name, key, marks);
    const { at: _, ...shown } = document;
    return shown as unknown as Document;
  };

  return {
    get: async (key) => {
      const asked = known;
      if (asked && !refusalOf(asked.completeness) && clock() - asked.readAt < pointerAgeMs) {
        const stored = await read(asked.pointer.answering, key);
        if (stored !== undefined && clock() - asked.readAt < answerWithinMs) return show(key, stored);
      }
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const { stored, readAt } = await lookAndRead(key);
        if (clock() - readAt < answerWithinMs) return show(key, stored);
      }
      throw new Error(`the store takes longer than ${answerWithinMs / 1000} s to answer`);
    },

    completeness: async () => (await look()).completeness,
  };
};

/** Of the places the last one: what it was about is the newest. */
const deadLettered = (topic: string, key: string, marks: readonly PlacePair[]): DomainError => {
  const [partition, offset] = marks.at(-1) as PlacePair;
  const place = offset < 0 ? topic : `${topic}/${partition}/${offset}`;
  return new DomainError(
    'record-dead-lettered',
    `A record about ${key} could not be read (${place}), so what this view shows of ${key} may be out of date.`,
    {
      remedy: `npm run dead-letters -- show ${place}, then replay or discard it; a newer change of ${key} in the same partition clears it as well`,
      facts: { deadLetters: marks.map(([of, at]) => (at < 0 ? topic : `${topic}/${of}/${at}`)) },
    },
  );
};
