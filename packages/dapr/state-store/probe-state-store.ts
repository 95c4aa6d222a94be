import type { StoredValue, Upsert } from '../../projections/state-store.ts';
import type { FirstWrite, Operation, StateCalls } from './state-calls.ts';

/**
 * The condition "only if the key is unchanged since the read", as a transaction expresses it. `absentEtag` is the ETag to send for a key
 * that was absent. Some stores overwrite without an ETag, but refuse an ETag that no value has if the key exists. Others refuse
 * such an ETag always, and support first-write without an ETag.
 */
export type Precondition = { readonly absentEtag?: string; readonly options?: FirstWrite };

/**
 * In order of preference. The ETag alone is first, because parsing the options of each key is a tenth of the sidecar's work. The
 * variants with an impossible ETag are before the one without: a store that does not support such an ETag refuses it even for an
 * absent key, so a fault during the probe cannot look like support.
 */
const preconditions: readonly Precondition[] = [
  { absentEtag: '-1' },
  { absentEtag: '-1', options: { concurrency: 'first-write' } },
  { options: { concurrency: 'first-write' } },
];

/**
 * This component refuses every ETag for an absent key, and the sidecar logs each refusal as an error. Its probe begins with the
 * last precondition to log fewer errors. This changes only the order: every precondition has to pass the probe.
 */
const mysqlComponent = 'state.mysql';

export const withPrecondition = (
  { absentEtag, options }: Precondition,
  { key, value, etag = absentEtag }: Upsert,
): Operation => ({
  operation: 'upsert',
  request: { key, value, etag, options },
});

/** What a store can do, as probed. */
export type StoreCapabilities = {
  precondition: Precondition;
  /** The ETags count the writes of a key, beginning with 1. */
  countsWrites: boolean;
  /** A transaction is undone as a whole when one of its writes is refused. */
  rollsBack: boolean;
};

/** What a store did with the writes of one precondition; `first` and `second` are the values read after these writes. */
export type Observation = {
  readonly isCreated: boolean;
  /** The store accepted one of two further creates. */
  readonly isCreatedAgain: boolean;
  readonly first: StoredValue | undefined;
  readonly isReplaced: boolean;
  readonly second: StoredValue | undefined;
  /** The store accepted a write with an outdated ETag. */
  readonly isReplacedByStale: boolean;
  /** The store applied the other write of the transaction that contained the stale write. */
  readonly isOtherWritten: boolean;
};

/** What a store must do for a precondition to prevent every lost update. */
const requirements: readonly ((observation: Observation) => boolean)[] = [
  ({ isCreated }) => isCreated,
  ({ isCreatedAgain }) => !isCreatedAgain,
  ({ first }) => first?.value === 'first',
  ({ isReplaced }) => isReplaced,
  ({ second }) => second?.value === 'second',
  ({ isReplacedByStale }) => !isReplacedByStale,
];

/** @returns the other capabilities, or undefined if the precondition does not prevent every lost update */
export const deriveCapabilities = (observation: Observation): Omit<StoreCapabilities, 'precondition'> | undefined =>
  requirements.every((isMet) => isMet(observation))
    ? {
        countsWrites: observation.first?.etag === '1' && observation.second?.etag === '2',
        rollsBack: !observation.isOtherWritten,
      }
    : undefined;

/** Writes two keys and deletes them at the end. */
const observe = async (
  precondition: Precondition,
  { execute, read }: StateCalls,
  key: string,
): Promise<Observation> => {
  const other = `${key}:other`;
  const readOne = async (which: string) => (await read([which]))[0]?.[1];
  const isAccepted = async (...upserts: Upsert[]) =>
    (await execute(upserts.map((upsert) => withPrecondition(precondition, upsert)))) === undefined;
  const isCreated = await isAccepted({ key, value: 'first' });
  const again = [await isAccepted({ key, value: 'again' }), await isAccepted({ key, value: 'again' })];
  const first = await readOne(key);
  const isReplaced = first !== undefined && (await isAccepted({ key, value: 'second', etag: first.etag }));
  const second = isReplaced ? await readOne(key) : undefined;
  const stale = { key, value: 'stale', etag: first?.etag };
  const isReplacedByStale = await isAccepted({ key: other, value: 'other' }, stale);
  const isOtherWritten = (await readOne(other)) !== undefined;
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
 * Tests with keys of its own which precondition the store supports, and its other capabilities. `type` is the type of the Dapr
 * component, if known. @throws Error if no precondition prevents every lost update
 */
export const probeStateStore = async (
  store: StateCalls,
  { key, type }: { key: string; type: string | undefined },
): Promise<StoreCapabilities> => {
  for (const precondition of type === mysqlComponent ? preconditions.toReversed() : preconditions) {
    const capabilities = deriveCapabilities(await observe(precondition, store, key));
    if (capabilities) return { precondition, ...capabilities };
  }
  throw new Error(
    'the state store cannot create a key only if it is absent, or replace it only if it is unchanged, so it cannot hold a view',
  );
};
