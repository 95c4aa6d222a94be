import type { StoredValue } from '../../projections/state-store.ts';
import type { SidecarError } from '../sidecar/errors.ts';

/**
 * How many keys of a call the sidecar reads from Redis at a time; it reads each key singly. Its connections to Redis are about as many, and
 * with 100 it spent a quarter more CPU time on waiting for them.
 */
export const readParallelism = 20;

export type Operation = {
  operation: 'upsert' | 'delete';
  request: { key: string; value?: unknown; etag?: string | undefined; options?: FirstWrite | undefined };
};

export type FirstWrite = { concurrency: 'first-write' };

/** The calls of a sidecar for one state component, over HTTP or gRPC. Both fail alike. */
export type StateCalls = {
  /**
   * Reads keys in one call. Keys that do not exist are absent from the result.
   * @throws SidecarError or SidecarUnreachable; ExpectedError if the sidecar could not read one of the keys
   */
  read(keys: readonly string[]): Promise<[key: string, stored: StoredValue][]>;
  /**
   * Executes a transaction.
   * @returns the refusal of the sidecar, or undefined if it applied all operations. On some stores, a refused transaction is applied in part
   * @throws SidecarUnreachable if the sidecar did not answer, so that anything may be applied
   */
  execute(operations: readonly Operation[]): Promise<SidecarError | undefined>;
};
