import type { StateStore, StoredValue } from '../../projections/state-store.ts';

type Read = StateStore['getMany'];
type Waiting = { keys: readonly string[]; resolve(held: Map<string, StoredValue>): void; reject(error: unknown): void };

/** Larger reads go their own way. */
const mostKeys = 100;
/** While so many are under way, those that come wait, and go together when one is back. */
const maxInFlight = 2;

/**
 * Puts small reads that come at the same time into one call: most of what a read costs is the call. A read never joins
 * one that has begun, so it sees everything that was written before it was asked for.
 */
export const coalesceReads = (read: Read): Read => {
  const waiting: Waiting[] = [];
  let underway = 0;

  const take = (): Waiting[] => {
    const taken: Waiting[] = [];
    let room = mostKeys;
    while (waiting[0] && waiting[0].keys.length <= room) {
      room -= waiting[0].keys.length;
      taken.push(waiting.shift() as Waiting);
    }
    return taken;
  };

  const go = async (): Promise<void> => {
    if (underway === maxInFlight || waiting.length === 0) return;
    const together = take();
    underway++;
    try {
      const held = await read([...new Set(together.flatMap(({ keys }) => keys))]);
      for (const { keys, resolve } of together)
        resolve(
          new Map(
            keys.flatMap((key) => {
              const value = held.get(key);
              return value ? [[key, value] as const] : [];
            }),
          ),
        );
    } catch (error) {
      for (const { reject } of together) reject(error);
    } finally {
      underway--;
      void go();
    }
  };

  return (keys) => {
    if (keys.length > mostKeys) return read(keys);
    return new Promise((resolve, reject) => {
      waiting.push({ keys, resolve, reject });
      void go();
    });
  };
};
