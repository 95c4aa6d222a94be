import { backoff, retry } from '../runtime/retry.ts';

/**
 * `value` is the stored JSON. `etag` changes with every write of the key. Some stores round numbers that are not
 * integers.
 */
export type StoredValue = { readonly value: unknown; readonly etag: string };

/**
 * A compare-and-set write. With an etag it replaces the value that has this etag; without one it creates the key, and
 * fails when the key exists.
 */
export type Upsert = { readonly key: string; readonly value: unknown; readonly etag?: string | undefined };

/**
 * A key-value store with ETags. Keys have at most 255 characters. The contract is the weakest of all adapters: a
 * `transact` that failed for any reason may have applied some of its upserts, so callers read again before they retry.
 * An adapter writes a long list in several transactions, some of them concurrently, and the last hundred upserts after
 * all others: a store that loses its latest writes loses those first. Callers therefore put checkpoints last.
 */
export type StateStore = {
  /** Reads many keys. Keys that do not exist are absent from the result. */
  getMany(keys: readonly string[]): Promise<Map<string, StoredValue>>;
  /**
   * Writes all upserts.
   * @throws StateConflict when a precondition fails: another writer changed or created a key. Read again and decide
   * again
   */
  transact(upserts: readonly Upsert[]): Promise<void>;
  /**
   * Predicts the new etag of a key after an upsert with this etag (undefined: the upsert creates the key), which saves a
   * read. Only stores whose etags count the writes of a key have it. Call it after the `transact`.
   */
  readonly etagAfter?: (etag: string | undefined) => string | undefined;
  /**
   * Deletes keys without a precondition; keys that do not exist are ignored. A `remove` that failed may have deleted
   * some of them.
   */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Deletes every document of a generation, also those whose keys the log has lost. Only stores that can list their keys have it.
   * `keyPrefix` is the prefix of the view's keys.
   */
  readonly removeGeneration?: (number: number, keyPrefix?: string) => Promise<void>;
  /** The readiness check. @throws Error with a message that says what is missing, when the store cannot be used now */
  check(): Promise<void>;
};

/** A precondition failed: the key was changed or created since it was read. */
export class StateConflict extends Error {
  constructor(key: string) {
    super(`${key} was written by another process since it was read`);
    this.name = 'StateConflict';
  }
}

const maxPauseMs = backoff({ firstMs: 2, maxMs: 128 });

/**
 * Retries `work` after a StateConflict, with a short random backoff. Every attempt has to read again.
 * @throws StateConflict after 20 attempts; any other error of `work` at once
 */
export const retryOnConflict = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    while: (error) => error instanceof StateConflict,
    attempts: 20,
    backoff: (failures) => Math.random() * maxPauseMs(failures),
  });
