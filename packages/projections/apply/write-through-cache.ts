import type { StateStore, StoredValue, Upsert } from '../state-store.ts';

/** The limit per set of checkpoints; about 15 MB of small documents. */
const maxKeys = 30_000;

/**
 * A store that remembers the documents that this process wrote last, so that they need not be read again. The cache
 * saves reads, never checks: every write carries the etag that it is based on. Etags alone are not enough, because a
 * store that was emptied or restored counts them from the beginning, and then two values have the same etag. So the
 * cache is used only while the checkpoints, which are read with each batch, are those that this process wrote.
 */
export type WriteThroughCache = {
  /** Returns the documents, cached or read, and the checkpoints, which are always read. */
  read(documentKeys: readonly string[], checkpointKeys: readonly string[]): Promise<Map<string, StoredValue>>;
  /** @throws StateConflict, or any other error of the store */
  transact(upserts: readonly Upsert[], checkpointKeys: readonly string[]): Promise<void>;
};

/**
 * The documents that were written together with one set of checkpoints; a batch usually has the same set as the one
 * before.
 */
type Scope = {
  held: Map<string, StoredValue>;
  /**
   * Whether keys that are not cached were all absent when such keys were last read. Then the next ones probably are
   * absent too.
   */
  assumeNewKeys: boolean;
};

export const createWriteThroughCache = (store: StateStore): WriteThroughCache => {
  const scopes = new Map<string, Scope>();
  const scopeName = (checkpointKeys: readonly string[]) => [...checkpointKeys].sort().join(' ');

  const readAll = async (documentKeys: readonly string[], checkpointKeys: readonly string[]) => {
    const held = await store.getMany([...documentKeys, ...checkpointKeys]);
    const assumeNewKeys = !documentKeys.some((key) => held.has(key));
    scopes.set(scopeName(checkpointKeys), { held: new Map(), assumeNewKeys });
    return held;
  };

  return {
    read: async (documentKeys, checkpointKeys) => {
      const scope = scopes.get(scopeName(checkpointKeys));
      if (!scope || !checkpointKeys.every((key) => scope.held.has(key))) return readAll(documentKeys, checkpointKeys);
      const held = await store.getMany(checkpointKeys);
      const checkpointUnchanged = checkpointKeys.every((key) => isSameWrite(scope.held.get(key), held.get(key)));
      if (!checkpointUnchanged || checkpointKeys.length === 0) return readAll(documentKeys, checkpointKeys);
      const unknownKeys = documentKeys.filter((key) => !scope.held.has(key));
      // If the assumption is wrong, the create-if-absent write fails with a conflict, and the next attempt reads.
      const read = scope.assumeNewKeys || unknownKeys.length === 0 ? undefined : await store.getMany(unknownKeys);
      if (read) scope.assumeNewKeys = read.size === 0;
      for (const key of documentKeys) {
        const known = scope.held.get(key) ?? read?.get(key);
        if (known) held.set(key, known);
      }
      return held;
    },

    transact: async (upserts, checkpointKeys) => {
      const name = scopeName(checkpointKeys);
      try {
        await store.transact(upserts);
      } catch (error) {
        scopes.delete(name); // It is unknown which upserts were applied.
        throw error;
      }
      // Checkpoints come last, so each is found at once.
      const isWritten = (key: string) => upserts.findLast((upsert) => upsert.key === key) !== undefined;
      const scope = scopes.get(name);
      if (!scope || !checkpointKeys.every(isWritten)) scopes.delete(name);
      else {
        for (const upsert of upserts) cacheWrite(scope, upsert, store);
        evictOldest(scope);
      }
    },
  };
};

const cacheWrite = ({ held }: Scope, { key, value, etag }: Upsert, { etagAfter }: StateStore): void => {
  const next = etagAfter?.(etag);
  // Re-inserts the key, so that the map stays ordered from the oldest write to the latest.
  held.delete(key);
  if (next !== undefined) held.set(key, { value, etag: next });
};

/** Called once per batch, because a map skips all keys that were deleted before its first key. */
const evictOldest = ({ held }: Scope): void => {
  for (const oldest of held.keys()) {
    if (held.size <= maxKeys) break;
    held.delete(oldest);
  }
};

/**
 * Whether a checkpoint document is the one that this process wrote last: same etag and same random write id. Every
 * writer of a document rewrites the checkpoint of its partition in the same transaction, and a store that is restored
 * restores its checkpoints as well. So if the checkpoint is ours, each document either is as we wrote it, or has
 * another etag.
 */
const isSameWrite = (cached: StoredValue | undefined, held: StoredValue | undefined): boolean => {
  const [writeId, heldWriteId] = [cached, held].map((stored) => (stored?.value as { mark?: string } | undefined)?.mark);
  return writeId !== undefined && writeId === heldWriteId && cached?.etag === held?.etag;
};
