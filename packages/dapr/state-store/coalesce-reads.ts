import type { StateStore, StoredValue } from '../../projections/state-store.ts';

type Read = StateStore['getMany'];
type PendingRead = {
  keys: readonly string[];
  resolve(values: Map<string, StoredValue>): void;
  reject(error: unknown): void;
};

/** Larger reads are not coalesced. */
const maxKeysPerCall = 100;
/** While this many calls are in flight, new reads wait and share the next call. */
const maxInFlight = 2;

/**
 * Coalesces concurrent small reads into one call, because the call is most of the cost of a read. A call starts after the event loop
 * has handled all requests that have arrived, so that it has their reads too. A read never joins a call that has started, so it sees
 * every write that finished before it.
 */
export const coalesceReads = (read: Read): Read => {
  const pending: PendingRead[] = [];
  let inFlight = 0;
  let isScheduled = false;

  const takeBatch = (): PendingRead[] => {
    const taken: PendingRead[] = [];
    let remainingKeys = maxKeysPerCall;
    while (pending[0] && pending[0].keys.length <= remainingKeys) {
      remainingKeys -= pending[0].keys.length;
      taken.push(pending.shift() as PendingRead);
    }
    return taken;
  };

  const startCalls = (): void => {
    isScheduled = false;
    while (inFlight < maxInFlight && pending.length > 0) void readBatch(takeBatch());
  };
  const scheduleCalls = (): void => {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(startCalls);
  };

  const readBatch = async (batch: readonly PendingRead[]): Promise<void> => {
    inFlight++;
    try {
      const values = await read([...new Set(batch.flatMap(({ keys }) => keys))]);
      for (const { keys, resolve } of batch)
        resolve(
          new Map(
            keys.flatMap((key) => {
              const value = values.get(key);
              return value ? [[key, value] as const] : [];
            }),
          ),
        );
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      inFlight--;
      scheduleCalls();
    }
  };

  return (keys) => {
    if (keys.length > maxKeysPerCall) return read(keys);
    return new Promise((resolve, reject) => {
      pending.push({ keys, resolve, reject });
      scheduleCalls();
    });
  };
};
