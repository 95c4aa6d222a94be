import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../projections/state-store.ts';
import { chunksOf } from '../runtime/chunks.ts';
import { ExpectedError } from '../runtime/expected-error.ts';
import { type Sidecar, SidecarRefusal } from './sidecar.ts';
import { coalesceReads } from './state-store/coalesce-reads.ts';
import {
  guarded,
  type Operation,
  type Precondition,
  probeStateStore,
  type StoreCapabilities,
} from './state-store/probe-state-store.ts';

type BulkItem = { key: string; data?: unknown; etag?: string; error?: string };

/**
 * So many take a slow database a second or two, well within the time that a call to the sidecar has, and Redis some
 * milliseconds, for which everybody else waits.
 */
const mostKeysAtOnce = 500;
/**
 * While the sidecar takes one call apart, the store executes another. Not where transactions roll back: there they hold locks,
 * and lock each other out.
 */
const writesAtOnce = ({ rollsBack }: StoreCapabilities) => (rollsBack ? 1 : 2);

/** A state store through a Dapr state component that has transactions and ETags. */
export const daprStateStore = (sidecar: Sidecar, name: string, newId: () => string): StateStore => {
  const path = `/state/${encodeURIComponent(name)}`;
  let probing: Promise<StoreCapabilities & { type: string | undefined }> | undefined;
  let capabilities: StoreCapabilities | undefined;

  const readMany = async (keys: readonly string[]): Promise<Map<string, StoredValue>> => {
    const held = new Map<string, StoredValue>();
    for (const chunk of chunksOf(keys, mostKeysAtOnce))
      for (const [key, value] of await readAtOnce(chunk)) held.set(key, value);
    return held;
  };

  const readAtOnce = async (keys: readonly string[]) => {
    const answer = await sidecar.call('POST', `${path}/bulk`, { keys, parallelism: 100 });
    if (answer.status !== 200) throw new SidecarRefusal(answer);
    const items = answer.body as BulkItem[];
    // Redis that is away is a 200 with an error in each item: without this look, every key would seem absent.
    const broken = items.find(({ error }) => error !== undefined);
    if (broken) throw new ExpectedError(`the state store ${name} does not answer: ${broken.error}`);
    const found = items.filter(({ data }) => data !== undefined && data !== null);
    return found.map(({ key, data, etag }) => [key, { value: data, etag: etag ?? '' }] as const);
  };
  const execute = (operations: readonly Operation[]) => sidecar.call('POST', `${path}/transaction`, { operations });

  const transact = async (upserts: readonly Upsert[]) => {
    if (upserts.length === 0) return;
    const known = await readCapabilities();
    const { guard } = known;
    const [earlier, last] = [upserts.slice(0, -mostKeysAtOnce), upserts.slice(-mostKeysAtOnce)];
    for (const together of chunksOf(chunksOf(earlier, mostKeysAtOnce), writesAtOnce(known)))
      await allSucceed(together.map((chunk) => transactAtOnce(chunk, guard)));
    await transactAtOnce(last, guard);
  };

  const componentType = async () =>
    (await sidecar.metadata()).components.find((component) => component.name === name)?.type;
  const probe = async () => {
    const type = await componentType();
    return { type, ...(await probeStateStore({ execute, readMany }, { key: `probe:${newId()}`, type })) };
  };
  const readCapabilities = async (): Promise<StoreCapabilities> => {
    // The sidecar swaps a component when its YAML changes. A guard without an ETag for absent keys is the one that another store
    // may take for no guard at all; any other is refused there, which starts a new probe.
    const before = probing;
    const known = await before;
    const isSwapped = known && known.guard.absent === undefined && (await componentType()) !== known.type;
    if (isSwapped && probing === before) probing = undefined;
    probing ??= probe().catch((error) => {
      probing = undefined;
      throw error;
    });
    capabilities = await probing;
    return capabilities;
  };

  const transactAtOnce = async (upserts: readonly Upsert[], guard: Precondition) => {
    const answer = await execute(upserts.map((upsert) => guarded(guard, upsert)));
    if (answer.status < 300) return;
    // Stores say "conflict" in many ways, so ask the store itself; one that has written half of ours conflicts as well.
    const held = await readMany(upserts.map(({ key }) => key));
    const other = upserts.find(({ key, etag }) => held.get(key)?.etag !== etag);
    if (other) throw new StateConflict(other.key);
    probing = undefined; // perhaps another store has taken its place
    throw new SidecarRefusal(answer);
  };

  const remove = async (keys: readonly string[]) => {
    if (keys.length === 0) return;
    const answer = await execute(keys.map((key) => ({ operation: 'delete', request: { key } })));
    if (answer.status >= 300) throw new SidecarRefusal(answer);
  };

  return {
    getMany: coalesceReads(readMany),
    transact,
    etagAfter: (etag) => (capabilities?.countsWrites ? String(Number(etag ?? 0) + 1) : undefined),
    remove,
    check: async () => {
      const { components } = await sidecar.metadata();
      if (!components.some((component) => component.name === name))
        throw new Error(`the sidecar has no component ${name}: is its database up? Start it, then restart the sidecar`);
      await readMany(['probe']);
    },
  };
};

/** Rejects only when all are over: who tries again must not meet what still runs. */
const allSucceed = async (attempts: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(attempts)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
};
