import { DomainError } from '../runtime/domain-error.ts';
import { assessCompleteness, type Completeness, findLoss, findRefusal } from './completeness.ts';
import { listOpenMarks, type Mark, type PlacePair, splitMarks } from './dead-letters/dead-letter-marks.ts';
import type { Topic } from './event-bus.ts';
import { asCheckpointDocument, checkpointKey } from './generations/checkpoint-document.ts';
import { documentKey, type Generation, isSameGeneration } from './generations/generation.ts';
import { asPointer, type Pointer, pointerKey } from './generations/pointer.ts';
import { createStores, type StoreContext } from './generations/stores.ts';
import { createKeyWrites, type KeyWrites } from './key-writes.ts';
import type { StateStore, StoredValue } from './state-store.ts';

export type View<Document> = {
  /**
   * Reads one document; undefined where the view has none.
   * @throws DomainError `view-rebuilding` during a rebuild in place, `view-incomplete` when events are missing,
   * `record-dead-lettered` when a record about the key could not be read, `log-unavailable` before the view was first
   * compared with the log
   */
  get(key: string): Promise<Document | undefined>;
  /**
   * Runs a query of the store on the active generation, for lists that `get` cannot read. The result is about one state of the view:
   * the query runs again if the generation may have been removed meanwhile.
   * @throws DomainError as `get`, but not `record-dead-lettered`: the query sees the marks in the stored values. An empty view refuses
   * if its consumer group has read events that the view lacks
   */
  query<Result>(run: (generation: Generation, state: Completeness) => Promise<Result>): Promise<Result>;
  /** Reads the state of the view. @throws DomainError `log-unavailable`, or any error of the store */
  completeness(): Promise<Completeness>;
  /** The writes of this process, for a reader that waits for a change. */
  readonly writes: KeyWrites;
};

/** How long a reader may use a pointer and a completeness that it has read, in ms. */
export const maxPointerAgeMs = 1_000;
/**
 * A read that took longer than this, in ms, is repeated: the process may have been suspended, and the generation that it
 * read may have been deleted meanwhile.
 */
const maxReadMs = 3_000;
const maxAttempts = 3;

export type ViewOptions = Pick<StoreContext, 'secondaryStore'> & {
  /** The number of partitions at the broker. Default: the declared number. */
  readonly partitions?: (() => Promise<number>) | undefined;
  /** The number of events that the consumer group has read but a view without any event lacks. Default: 0. */
  readonly lostToEmptyStore?: (() => number) | undefined;
  /** The writes of the projection in this process. Default: there are none. */
  readonly writes?: KeyWrites | undefined;
  /** Monotonic, in ms. Default: `performance.now`. */
  readonly clock?: () => number;
};

/**
 * The reading side of a projection. Every call reads the store, so that changes by other instances are visible at once,
 * and answers from the generation that the pointer names. A cached pointer is never enough to report a key as absent.
 */
export const openView = <Document extends object>(
  {
    name,
    topic,
    viewOption,
    otherTopics = [],
  }: { name: string; topic: Topic; viewOption?: string; otherTopics?: readonly string[] },
  store: StateStore,
  {
    secondaryStore,
    partitions = async () => topic.partitions,
    lostToEmptyStore = () => 0,
    writes = createKeyWrites(),
    clock = () => performance.now(),
  }: ViewOptions = {},
): View<Document> => {
  const stores = createStores({ store, secondaryStore });
  let latest: { pointer: Pointer; completeness: Completeness; readAt: number } | undefined;

  /** The keys of the checkpoints by topic: first the topic of the view, then the others that may have filled it. */
  const checkpointKeys = async () => {
    const count = await partitions().catch((cause: Error) => {
      throw new DomainError('log-unavailable', `This view has not been compared with the log yet: ${cause.message}`, {
        remedy: 'try again; /readyz shows what is missing',
        cause,
      });
    });
    const keysOf = (topicName: string) => Array.from({ length: count }, (_, n) => checkpointKey(name, topicName, n));
    return { own: keysOf(topic.name), others: new Map(otherTopics.map((other) => [other, keysOf(other)])) };
  };
  /** Reads the pointer and the checkpoints, and in the same call `keys` of the primary store. */
  const readState = async (...keys: string[]) => {
    const { own, others } = await checkpointKeys();
    const keysOfCheckpoints = [...own, ...[...others.values()].flat()];
    const documentsIn = (held: ReadonlyMap<string, StoredValue>, ofTopic = own) =>
      ofTopic.map((key) => asCheckpointDocument(held.get(key)?.value));
    const readAt = clock();
    const held = await store.getMany([pointerKey(name), ...keysOfCheckpoints, ...keys]);
    const pointer = asPointer(held.get(pointerKey(name))?.value);
    const { store: other } = pointer.answering;
    const checkpoints = other === undefined ? held : await stores(other).getMany(keysOfCheckpoints);
    const ofOthers = new Map([...others].map(([other, keysOf]) => [other, documentsIn(checkpoints, keysOf)]));
    const completeness = assessCompleteness(pointer, documentsIn(checkpoints), documentsIn(held), ofOthers);
    const state = { pointer, completeness, readAt };
    latest = state;
    return { ...state, held };
  };
  const read = async ({ number, store: other }: Generation, key: string) => {
    const storedKey = documentKey(number, key);
    return (await stores(other).getMany([storedKey])).get(storedKey)?.value;
  };
  /** Reads state and document in one call, as long as the pointer has not changed since the last one. */
  const readStateAndDocument = async (key: string) => {
    const expected = documentKey(latest?.pointer.answering.number ?? 1, key);
    const { pointer, completeness, readAt, held } = await readState(expected);
    const refusal = findRefusal(completeness, viewOption);
    if (refusal) throw refusal;
    const { number, store: other } = pointer.answering;
    const isRead = other === undefined && documentKey(number, key) === expected;
    return { readAt, stored: isRead ? held.get(expected)?.value : await read(pointer.answering, key) };
  };
  const toDocument = (key: string, stored: unknown): Document | undefined => {
    const marked = splitMarks<Document & { at?: PlacePair }>(stored);
    const { document } = marked;
    if (document === undefined) return undefined;
    const open = listOpenMarks(marked);
    if (open.length > 0) throw createDeadLetteredError({ topic: topic.name, viewOption }, key, open);
    const { at: _, ...withoutPlace } = document;
    return withoutPlace as unknown as Document;
  };

  return {
    get: async (key) => {
      const cached = latest;
      if (cached && !findRefusal(cached.completeness, viewOption) && clock() - cached.readAt < maxPointerAgeMs) {
        const stored = await read(cached.pointer.answering, key);
        if (stored !== undefined && clock() - cached.readAt < maxReadMs) return toDocument(key, stored);
      }
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const { stored, readAt } = await readStateAndDocument(key);
        if (clock() - readAt < maxReadMs) return toDocument(key, stored);
      }
      throw new Error(`the store did not answer within ${maxReadMs / 1000} s in ${maxAttempts} attempts`);
    },

    query: async (run) => {
      for (let attempt = 1; attempt <= maxAttempts; attempt++) {
        const { pointer, completeness, readAt } = await readState();
        const refusal = findRefusal(completeness, viewOption) ?? findLoss(completeness, lostToEmptyStore(), viewOption);
        if (refusal) throw refusal;
        const result = await run(pointer.answering, completeness);
        if (clock() - readAt < maxReadMs) return result;
        // A generation is removed only after the pointer has left it.
        if (isSameGeneration((await readState()).pointer.answering, pointer.answering)) return result;
      }
      throw new Error(`the view was switched to another generation during each of ${maxAttempts} queries`);
    },

    completeness: async () => (await readState()).completeness,

    writes,
  };
};

/** Reports the last of the places: its record is the newest. */
const createDeadLetteredError = (
  { topic, viewOption }: { topic: string; viewOption: string | undefined },
  key: string,
  marks: readonly Mark[],
): DomainError => {
  const place = describePlace(topic, marks.at(-1) as Mark);
  return new DomainError(
    'record-dead-lettered',
    `A record about ${key} could not be read (${place}), so what this view shows of ${key} may be out of date.`,
    {
      remedy: `npm run dead-letters -- ${viewOption === undefined ? '' : `${viewOption} `}show ${place}, then replay or discard it; a newer change of ${key} in the same partition resolves it as well`,
      facts: { deadLetters: marks.map((mark) => describePlace(topic, mark)) },
    },
  );
};

const describePlace = (topic: string, [partition, offset]: Mark): string =>
  offset < 0 ? topic : `${topic}/${partition}/${offset}`;
