import { chunksOf } from '../chunks.ts';
import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../state-store.ts';
import { combinedReads } from './combined-reads.ts';
import { complaintOf, type Sidecar } from './sidecar.ts';

type Operation = {
  operation: 'upsert' | 'delete';
  request: { key: string; value?: unknown; etag?: string | undefined; options?: object | undefined };
};
type BulkItem = { key: string; data?: unknown; etag?: string; error?: string };

/**
 * How a store is told "only if the key still is as it was read" within a transaction: `absent` is the ETag for a key that was
 * not there. Some overwrite without one, but refuse an ETag that no value has, and only where there is a value; others refuse
 * it always, and take first-write without an ETag.
 */
type Guard = { readonly absent?: string; readonly options?: { concurrency: 'first-write' } };

/**
 * The ETag alone comes first, for taking the options of each key apart is a tenth of the sidecar's work. An impossible ETag
 * comes before none: a store that knows it not refuses it even where the key is absent, so a fault meanwhile cannot pass for it.
 */
const guards: readonly Guard[] = [
  { absent: '-1' },
  { absent: '-1', options: { concurrency: 'first-write' } },
  { options: { concurrency: 'first-write' } },
];

const guarded = ({ absent, options }: Guard, { key, value, etag = absent }: Upsert): Operation => ({
  operation: 'upsert',
  request: { key, value, etag, options },
});

/** What was found out about a store. */
type Ways = {
  guard: Guard;
  /** Whether its ETags count the writes of a key from 1. */
  countsWrites: boolean;
  /** Whether a transaction is undone as a whole when one of its writes is refused. */
  rollsBack: boolean;
};

/**
 * So many take a slow database a second or two, well within the time that a call to the sidecar has, and Redis some
 * milliseconds, for which everybody else waits.
 */
const mostKeysAtOnce = 500;
/**
 * While the sidecar takes one call apart, the store executes another. Not where transactions roll back: there they hold locks,
 * and lock each other out.
 */
const writesAtOnce = ({ rollsBack }: Ways) => (rollsBack ? 1 : 2);

/** A state store through a Dapr state component that has transactions and ETags. */
export const daprStateStore = (sidecar: Sidecar, name: string, newId: () => string): StateStore => {
  const path = `/state/${encodeURIComponent(name)}`;
  let probing: Promise<Ways> | undefined;
  let ways: Ways | undefined;

  const readMany = async (keys: readonly string[]): Promise<Map<string, StoredValue>> => {
    const held = new Map<string, StoredValue>();
    for (const chunk of chunksOf(keys, mostKeysAtOnce))
      for (const [key, value] of await readAtOnce(chunk)) held.set(key, value);
    return held;
  };

  const readAtOnce = async (keys: readonly string[]) => {
    const answer = await sidecar.call('POST', `${path}/bulk`, { keys, parallelism: 100 });
    if (answer.status !== 200) throw new Error(complaintOf(answer));
    const items = answer.body as BulkItem[];
    // Redis that is away is a 200 with an error in each item: without this look, every key would seem absent.
    const broken = items.find(({ error }) => error !== undefined);
    if (broken) throw new Error(`the state store ${name} does not answer: ${broken.error}`);
    const found = items.filter(({ data }) => data !== undefined && data !== null);
    return found.map(({ key, data, etag }) => [key, { value: data, etag: etag ?? '' }] as const);
  };
  const execute = (operations: readonly Operation[]) => sidecar.call('POST', `${path}/transaction`, { operations });

  const transact = async (upserts: readonly Upsert[]) => {
    if (upserts.length === 0) return;
    probing ??= probe(execute, readMany, `probe:${newId()}`);
    ways = await probing.catch((error) => {
      probing = undefined;
      throw error;
    });
    const { guard } = ways;
    const [earlier, last] = [upserts.slice(0, -mostKeysAtOnce), upserts.slice(-mostKeysAtOnce)];
    for (const together of chunksOf(chunksOf(earlier, mostKeysAtOnce), writesAtOnce(ways)))
      await allSucceed(together.map((chunk) => transactAtOnce(chunk, guard)));
    await transactAtOnce(last, guard);
  };

  const transactAtOnce = async (upserts: readonly Upsert[], guard: Guard) => {
    const answer = await execute(upserts.map((upsert) => guarded(guard, upsert)));
    if (answer.status < 300) return;
    // Stores say "conflict" in many ways, so ask the store itself; one that has written half of ours conflicts as well.
    const held = await readMany(upserts.map(({ key }) => key));
    const other = upserts.find(({ key, etag }) => held.get(key)?.etag !== etag);
    if (other) throw new StateConflict(other.key);
    probing = undefined; // perhaps another store has taken its place
    throw new Error(complaintOf(answer));
  };

  const remove = async (keys: readonly string[]) => {
    if (keys.length === 0) return;
    const answer = await execute(keys.map((key) => ({ operation: 'delete', request: { key } })));
    if (answer.status >= 300) throw new Error(complaintOf(answer));
  };

  return {
    getMany: combinedReads(readMany),
    transact,
    etagAfter: (etag) => (ways?.countsWrites ? String(Number(etag ?? 0) + 1) : undefined),
    remove,
    check: async () => {
      const { components } = await sidecar.metadata();
      if (!components.some((component) => component.name === name))
        throw new Error(`the sidecar has no component ${name}: is its database up? Start it, then restart the sidecar`);
      await readMany(['probe']);
    },
  };
};

/** Tries on keys of its own which guard the store takes for what it is, and how else it behaves. */
const probe = async (
  execute: (operations: readonly Operation[]) => Promise<{ status: number }>,
  readMany: (keys: readonly string[]) => Promise<Map<string, StoredValue>>,
  key: string,
): Promise<Ways> => {
  const other = `${key}:other`;
  const held = async (which = key) => (await readMany([which])).get(which);
  for (const guard of guards) {
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

/** Rejects only when all are over: who tries again must not meet what still runs. */
const allSucceed = async (attempts: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(attempts)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
};
