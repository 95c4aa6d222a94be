import { backoff, retry } from '../runtime/retry.ts';

/** `value` is what was stored, as JSON; `etag` changes with every write of the key. Stores round what is no integer. */
export type StoredValue = { readonly value: unknown; readonly etag: string };

/** With an etag: replace the value that has it. Without: create the key, only if it is absent. */
export type Upsert = { readonly key: string; readonly value: unknown; readonly etag?: string | undefined };

/**
 * The contract is the weakest of all adapters: a `transact` that failed, for whatever reason, may have applied some of
 * its upserts. A long list is written in pieces, some side by side, but its last hundred after all others, so that of a
 * store that loses its last writes they are the first to go. Keys are at most 255 characters.
 */
export type StateStore = {
  /** Absent keys are absent from the answer. */
  getMany(keys: readonly string[]): Promise<Map<string, StoredValue>>;
  /** @throws StateConflict when a key is not as its upsert expected; read again, decide again */
  transact(upserts: readonly Upsert[]): Promise<void>;
  /**
   * The etag that a key has after its upsert against this one (undefined: after its creation), where the store counts its
   * writes, so that it need not be read. To be asked after a `transact`.
   */
  readonly etagAfter?: (etag: string | undefined) => string | undefined;
  /** Whatever they hold; absent ones stay absent. A `remove` that failed may have removed some. */
  remove(keys: readonly string[]): Promise<void>;
  /** @throws Error that says what is missing, when the store cannot be used now */
  check(): Promise<void>;
};

export class StateConflict extends Error {
  constructor(key: string) {
    super(`${key} was written by another in the meantime`);
    this.name = 'StateConflict';
  }
}

const longestPauseMs = backoff({ firstMs: 2, maxMs: 128 });

/**
 * Does the work again when another writer was there first, after a short random pause. The work reads anew each time.
 * @throws StateConflict after 20 attempts, or what else the work throws
 */
export const retryOnConflict = <T>(work: () => Promise<T>): Promise<T> =>
  retry(work, {
    while: (error) => error instanceof StateConflict,
    attempts: 20,
    backoff: (failures) => Math.random() * longestPauseMs(failures),
  });
