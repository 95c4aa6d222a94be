import { chunksOf } from '../chunks.ts';
import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../state-store.ts';
import { combinedReads } from './combined-reads.ts';
import { complaintOf, type Sidecar } from './sidecar.ts';

type Operation = {
  operation: 'upsert' | 'delete';
  request: { key: string; value?: unknown; etag?: string; options?: object };
};
type BulkItem = { key: string; data?: unknown; etag?: string; error?: string };

/**
 * How a store says "only if the key is absent" within a transaction. Some take first-write without an ETag; others ignore
 * that and overwrite, but refuse an ETag that no value has, and only where there is a value.
 */
type Creation = (key: string, value: unknown) => Operation;
const byFirstWrite: Creation = (key, value) => upsert({ key, value, options: { concurrency: 'first-write' } });
const byImpossibleEtag: Creation = (key, value) =>
  upsert({ key, value, etag: '-1', options: { concurrency: 'first-write' } });

const upsert = (request: Operation['request']): Operation => ({ operation: 'upsert', request });

/** What was found out about a store: how a key is created, and whether its ETags count the writes of a key from 1. */
type Ways = { create: Creation; countsWrites: boolean };

/**
 * So many take a slow database a second or two, well within the time that a call to the sidecar has, and Redis some
 * milliseconds, for which everybody else waits.
 */
const mostKeysAtOnce = 500;
/** While the sidecar takes one call apart, the store executes another. */
const mostWritesAtOnce = 2;

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
    const { create } = ways;
    const [earlier, last] = [upserts.slice(0, -mostKeysAtOnce), upserts.slice(-mostKeysAtOnce)];
    for (const together of chunksOf(chunksOf(earlier, mostKeysAtOnce), mostWritesAtOnce))
      await allSucceed(together.map((chunk) => transactAtOnce(chunk, create)));
    await transactAtOnce(last, create);
  };

  const transactAtOnce = async (upserts: readonly Upsert[], create: Creation) => {
    const answer = await execute(
      upserts.map(({ key, value, etag }) =>
        etag === undefined ? create(key, value) : upsert({ key, value, etag, options: { concurrency: 'first-write' } }),
      ),
    );
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

/**
 * Tries on a key of its own how its ETags go on, and which way of creating the store takes for what it is. The way of the impossible ETag comes
 * first: a store that knows it not refuses it even where the key is absent, so a fault meanwhile cannot pass for it.
 */
const probe = async (
  execute: (operations: readonly Operation[]) => Promise<{ status: number }>,
  readMany: (keys: readonly string[]) => Promise<Map<string, StoredValue>>,
  key: string,
): Promise<Ways> => {
  for (const create of [byImpossibleEtag, byFirstWrite]) {
    const created = await execute([create(key, 'first')]);
    const again = [await execute([create(key, 'second')]), await execute([create(key, 'second')])];
    const held = (await readMany([key])).get(key);
    const options = { concurrency: 'first-write' };
    if (held) await execute([upsert({ key, value: 'third', etag: held.etag, options })]);
    const replaced = (await readMany([key])).get(key);
    await execute([{ operation: 'delete', request: { key } }]);
    if (created.status < 300 && again.every(({ status }) => status >= 300) && held?.value === 'first')
      return { create, countsWrites: held.etag === '1' && replaced?.etag === '2' };
  }
  throw new Error('the state store cannot create a key only where it is absent, so it cannot hold a view');
};

/** Rejects only when all are over: who tries again must not meet what still runs. */
const allSucceed = async (attempts: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(attempts)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
};
