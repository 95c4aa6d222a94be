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
export type Guard = { readonly absent?: string; readonly options?: { concurrency: 'first-write' } };

/**
 * The ETag alone comes first, for taking the options of each key apart is a tenth of the sidecar's work. An impossible ETag
 * comes before none: a store that knows it not refuses it even where the key is absent, so a fault meanwhile cannot pass for it.
 */
const guards: readonly Guard[] = [
  { absent: '-1' },
  { absent: '-1', options: { concurrency: 'first-write' } },
  { options: { concurrency: 'first-write' } },
];

/**
 * The component that refuses every ETag of an absent key, and logs each refusal as an error of the sidecar. Its probe begins with
 * the last guard, so fewer are logged. That is only an order: a guard is used after the store has proved that it honours it.
 */
const logsEveryRefusal = 'state.mysql';

export const guarded = ({ absent, options }: Guard, { key, value, etag = absent }: Upsert): Operation => ({
  operation: 'upsert',
  request: { key, value, etag, options },
});

/** What was found out about a store. */
export type StoreCapabilities = {
  guard: Guard;
  /** Whether its ETags count the writes of a key from 1. */
  countsWrites: boolean;
  /** Whether a transaction is undone as a whole when one of its writes is refused. */
  rollsBack: boolean;
};

/**
 * Tries on keys of its own which guard the store takes for what it is, and how else it behaves. `type` is that of the Dapr
 * component, where it is known. @throws Error when no guard prevents every unseen overwrite
 */
export const probeStateStore = async (
  execute: (operations: readonly Operation[]) => Promise<{ status: number }>,
  readMany: (keys: readonly string[]) => Promise<Map<string, StoredValue>>,
  { key, type }: { key: string; type: string | undefined },
): Promise<StoreCapabilities> => {
  const other = `${key}:other`;
  const held = async (which = key) => (await readMany([which])).get(which);
  const inOrder = type === logsEveryRefusal ? guards.toReversed() : guards;
  for (const guard of inOrder) {
    const areTaken = async (...upserts: Upsert[]) =>
      (await execute(upserts.map((upsert) => guarded(guard, upsert)))).status < 300;
    const created = await areTaken({ key, value: 'first' });
    const overwritten = [await areTaken({ key, value: 'again' }), await areTaken({ key, value: 'again' })].includes(
      true,
    );
    const first = await held();
    const replaced = first && (await areTaken({ key, value: 'second', etag: first.etag })) ? await held() : undefined;
    const stale = { key, value: 'stale', etag: first?.etag };
    const replacedByStale = await areTaken({ key: other, value: 'other' }, stale);
    const rollsBack = (await held(other)) === undefined;
    await execute([key, other].map((key) => ({ operation: 'delete', request: { key } })));
    if (created && !overwritten && first?.value === 'first' && replaced?.value === 'second' && !replacedByStale)
      return { guard, countsWrites: first.etag === '1' && replaced.etag === '2', rollsBack };
  }
  throw new Error(
    'the state store cannot create a key only where it is absent, or replace it only where it is as it was read, so it cannot hold a view',
  );
};
