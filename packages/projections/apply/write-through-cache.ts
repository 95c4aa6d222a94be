import type { StateStore, StoredValue, Upsert } from '../state-store.ts';

/** Of one partition: some 15 MB of small documents. */
const mostKeys = 30_000;

/**
 * A store whose documents need not be read again by the process that wrote them last. Memory replaces reading, never a
 * check: every write carries the etag it stands on. That alone would not be enough, for a store that was emptied or
 * restored counts its etags anew, and then two values have the same one. So memory is used only where the positions,
 * which are read with each batch, vouch for it.
 */
export type WriteThroughCache = {
  /** Answers the documents, remembered or read, and the positions, always read. */
  read(documentKeys: readonly string[], positionKeys: readonly string[]): Promise<Map<string, StoredValue>>;
  /** @throws StateConflict, or whatever the store does */
  transact(upserts: readonly Upsert[], positionKeys: readonly string[]): Promise<void>;
};

/** What was written together with one set of positions, which is mostly one. */
type Scope = {
  held: Map<string, StoredValue>;
  /** Whether keys that are not remembered were all absent when they were last read: then the next ones probably are. */
  strangersAreNew: boolean;
};

export const createWriteThroughCache = (store: StateStore): WriteThroughCache => {
  const scopes = new Map<string, Scope>();
  const nameOf = (positionKeys: readonly string[]) => [...positionKeys].sort().join(' ');

  const readAll = async (documentKeys: readonly string[], positionKeys: readonly string[]) => {
    const held = await store.getMany([...documentKeys, ...positionKeys]);
    const strangersAreNew = !documentKeys.some((key) => held.has(key));
    scopes.set(nameOf(positionKeys), { held: new Map(), strangersAreNew });
    return held;
  };

  return {
    read: async (documentKeys, positionKeys) => {
      const scope = scopes.get(nameOf(positionKeys));
      if (!scope || !positionKeys.every((key) => scope.held.has(key))) return readAll(documentKeys, positionKeys);
      const held = await store.getMany(positionKeys);
      const vouched = positionKeys.every((key) => isSameWrite(scope.held.get(key), held.get(key)));
      if (!vouched || positionKeys.length === 0) return readAll(documentKeys, positionKeys);
      const strangers = documentKeys.filter((key) => !scope.held.has(key));
      // A writer that wrongly takes them for new gets a conflict, and then reads.
      const read = scope.strangersAreNew || strangers.length === 0 ? undefined : await store.getMany(strangers);
      if (read) scope.strangersAreNew = read.size === 0;
      for (const key of documentKeys) {
        const known = scope.held.get(key) ?? read?.get(key);
        if (known) held.set(key, known);
      }
      return held;
    },

    transact: async (upserts, positionKeys) => {
      const name = nameOf(positionKeys);
      try {
        await store.transact(upserts);
      } catch (error) {
        scopes.delete(name); // it is not known what of it is written
        throw error;
      }
      const written = new Set(upserts.map(({ key }) => key));
      const scope = scopes.get(name);
      if (!scope || !positionKeys.every((key) => written.has(key))) scopes.delete(name);
      else {
        for (const upsert of upserts) remember(scope, upsert, store);
        forgetOldest(scope);
      }
    },
  };
};

const remember = ({ held }: Scope, { key, value, etag }: Upsert, { etagAfter }: StateStore): void => {
  const next = etagAfter?.(etag);
  // The first of a map is what was written longest ago.
  held.delete(key);
  if (next !== undefined) held.set(key, { value, etag: next });
};

/** Once a batch: to find its first key, a map goes past all that were deleted before it. */
const forgetOldest = ({ held }: Scope): void => {
  for (const oldest of held.keys()) {
    if (held.size <= mostKeys) break;
    held.delete(oldest);
  }
};

/**
 * Whether a position is the very one that this process wrote last, by its etag and by the random mark of that write. Who
 * writes a document rewrites the position of its partition in the same transaction, and a store that went back in time
 * takes its positions along. So if the position is ours, each document either is as we wrote it, or has another etag.
 */
const isSameWrite = (ours: StoredValue | undefined, held: StoredValue | undefined): boolean => {
  const [mark, other] = [ours, held].map((stored) => (stored?.value as { mark?: string } | undefined)?.mark);
  return mark !== undefined && mark === other && ours?.etag === held?.etag;
};
