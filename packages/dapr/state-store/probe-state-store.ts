import type { StoredValue, Upsert } from '../../projections/state-store.ts';

export type Operation = {
  operation: 'upsert' | 'delete';
  request: { key: string; value?: unknown; etag?: string | undefined; options?: object | undefined };
};

/**
 * How a store is told "only if the key still is as it was read" within a transaction: `absent` is the ETag for a key that was
 * not there. Some overwrite without one, but refuse an ETag that no value has, and only where there is a value; others refuse
 * it always, and take first-write without an ETag.
 */
export type Precondition = { readonly absent?: string; readonly options?: { concurrency: 'first-write' } };

/**
 * The ETag alone comes first, for taking the options of each key apart is a tenth of the sidecar's work. An impossible ETag
 * comes before none: a store that knows it not refuses it even where the key is absent, so a fault meanwhile cannot pass for it.
 */
const guards: readonly Precondition[] = [
  { absent: '-1' },
  { absent: '-1', options: { concurrency: 'first-write' } },
  { options: { concurrency: 'first-write' } },
];

/**
 * The component that refuses every ETag of an absent key, and logs each refusal as an error of the sidecar. Its probe begins with
 * the last guard, so fewer are logged. That is only an order: a guard is used after the store has proved that it honours it.
 */
const logsEveryRefusal = 'state.mysql';

export const guarded = ({ absent, options }: Precondition, { key, value, etag = absent }: Upsert): Operation => ({
  operation: 'upsert',
  request: { key, value, etag, options },
});

/** What was found out about a store. */
export type StoreCapabilities = {
  guard: Precondition;
  /** Whether its ETags count the writes of a key from 1. */
  countsWrites: boolean;
  /** Whether a transaction is undone as a whole when one of its writes is refused. */
  rollsBack: boolean;
};

/** What a store did with the writes of one guard; `first` and `second` are what the key held after they were written. */
export type Observation = {
  readonly isCreated: boolean;
  /** Whether one of two further creates was taken. */
  readonly isCreatedAgain: boolean;
  readonly first: StoredValue | undefined;
  readonly isReplaced: boolean;
  readonly second: StoredValue | undefined;
  /** Whether a write was taken that was made for what the key held before. */
  readonly isReplacedByStale: boolean;
  /** Whether the other write of the transaction with the stale one was applied. */
  readonly isOtherWritten: boolean;
};

/** What a store must have done for its guard to prevent every unseen overwrite. */
const conditions: readonly ((seen: Observation) => boolean)[] = [
  ({ isCreated }) => isCreated,
  ({ isCreatedAgain }) => !isCreatedAgain,
  ({ first }) => first?.value === 'first',
  ({ isReplaced }) => isReplaced,
  ({ second }) => second?.value === 'second',
  ({ isReplacedByStale }) => !isReplacedByStale,
];

/** @returns how else the store behaves, or undefined where the guard prevents too little */
export const judgePrecondition = (seen: Observation): Omit<StoreCapabilities, 'guard'> | undefined =>
  conditions.every((isMet) => isMet(seen))
    ? { countsWrites: seen.first?.etag === '1' && seen.second?.etag === '2', rollsBack: !seen.isOtherWritten }
    : undefined;

type Store = {
  readonly execute: (operations: readonly Operation[]) => Promise<{ status: number }>;
  readonly readMany: (keys: readonly string[]) => Promise<Map<string, StoredValue>>;
};

/** Writes to two keys, which are deleted afterwards. */
const observe = async (guard: Precondition, { execute, readMany }: Store, key: string): Promise<Observation> => {
  const other = `${key}:other`;
  const read = async (which: string) => (await readMany([which])).get(which);
  const isTaken = async (...upserts: Upsert[]) =>
    (await execute(upserts.map((upsert) => guarded(guard, upsert)))).status < 300;
  const isCreated = await isTaken({ key, value: 'first' });
  const again = [await isTaken({ key, value: 'again' }), await isTaken({ key, value: 'again' })];
  const first = await read(key);
  const isReplaced = first !== undefined && (await isTaken({ key, value: 'second', etag: first.etag }));
  const second = isReplaced ? await read(key) : undefined;
  const stale = { key, value: 'stale', etag: first?.etag };
  const isReplacedByStale = await isTaken({ key: other, value: 'other' }, stale);
  const isOtherWritten = (await read(other)) !== undefined;
  await execute([key, other].map((which) => ({ operation: 'delete', request: { key: which } })));
  return {
    isCreated,
    isCreatedAgain: again.includes(true),
    first,
    isReplaced,
    second,
    isReplacedByStale,
    isOtherWritten,
  };
};

/**
 * Tries on keys of its own which guard the store takes for what it is, and how else it behaves. `type` is that of the Dapr
 * component, where it is known. @throws Error when no guard prevents every unseen overwrite
 */
export const probeStateStore = async (
  store: Store,
  { key, type }: { key: string; type: string | undefined },
): Promise<StoreCapabilities> => {
  for (const guard of type === logsEveryRefusal ? guards.toReversed() : guards) {
    const capabilities = judgePrecondition(await observe(guard, store, key));
    if (capabilities) return { guard, ...capabilities };
  }
  throw new Error(
    'the state store cannot create a key only where it is absent, or replace it only where it is as it was read, so it cannot hold a view',
  );
};
