import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../projections/state-store.ts';
import { splitIntoChunks } from '../runtime/chunks.ts';
import { ExpectedError } from '../runtime/expected-error.ts';
import { type Sidecar, SidecarError } from './sidecar.ts';
import { coalesceReads } from './state-store/coalesce-reads.ts';
import {
  type Operation,
  type Precondition,
  probeStateStore,
  type StoreCapabilities,
  withPrecondition,
} from './state-store/probe-state-store.ts';

type BulkItem = { key: string; data?: unknown; etag?: string; error?: string };

/**
 * A slow database needs a second or two for this many keys, well within the timeout of a sidecar call. Redis needs some
 * milliseconds, during which it serves no other client.
 */
const maxKeysPerCall = 500;
/**
 * Two, so that the store executes one call while the sidecar parses the next. One where transactions roll back: such
 * transactions hold locks and would block each other.
 */
const maxConcurrentWrites = ({ rollsBack }: StoreCapabilities) => (rollsBack ? 1 : 2);

/** A state store on a Dapr state component with transactions and ETags. */
export const createDaprStateStore = (sidecar: Sidecar, name: string, newId: () => string): StateStore => {
  const path = `/state/${encodeURIComponent(name)}`;
  let probing: Promise<StoreCapabilities & { type: string | undefined }> | undefined;
  let capabilities: StoreCapabilities | undefined;

  const readMany = async (keys: readonly string[]): Promise<Map<string, StoredValue>> => {
    const values = new Map<string, StoredValue>();
    for (const chunk of splitIntoChunks(keys, maxKeysPerCall))
      for (const [key, value] of await readChunk(chunk)) values.set(key, value);
    return values;
  };

  const readChunk = async (keys: readonly string[]) => {
    const answer = await sidecar.call('POST', `${path}/bulk`, { keys, parallelism: 100 });
    if (answer.status !== 200) throw new SidecarError(answer);
    const items = answer.body as BulkItem[];
    // If Redis is unavailable the sidecar answers 200 with an error per item. Without this check every key would seem absent.
    const broken = items.find(({ error }) => error !== undefined);
    if (broken) throw new ExpectedError(`the state store ${name} does not answer: ${broken.error}`);
    const found = items.filter(({ data }) => data !== undefined && data !== null);
    return found.map(({ key, data, etag }) => [key, { value: data, etag: etag ?? '' }] as const);
  };
  const execute = (operations: readonly Operation[]) => sidecar.call('POST', `${path}/transaction`, { operations });

  const transact = async (upserts: readonly Upsert[]) => {
    if (upserts.length === 0) return;
    const known = await readCapabilities();
    const { precondition } = known;
    const [earlier, last] = [upserts.slice(0, -maxKeysPerCall), upserts.slice(-maxKeysPerCall)];
    for (const concurrentChunks of splitIntoChunks(
      splitIntoChunks(earlier, maxKeysPerCall),
      maxConcurrentWrites(known),
    ))
      await awaitAll(concurrentChunks.map((chunk) => transactChunk(chunk, precondition)));
    await transactChunk(last, precondition);
  };

  const componentType = async () =>
    (await sidecar.metadata()).components.find((component) => component.name === name)?.type;
  const probe = async () => {
    const type = await componentType();
    return { type, ...(await probeStateStore({ execute, readMany }, { key: `probe:${newId()}`, type })) };
  };
  const readCapabilities = async (): Promise<StoreCapabilities> => {
    // The sidecar swaps a component when its YAML changes. A swapped store may ignore a precondition without an ETag for absent
    // keys, so we compare the component type. It refuses any other precondition, which starts a new probe.
    const before = probing;
    const known = await before;
    const isSwapped = known && known.precondition.absentEtag === undefined && (await componentType()) !== known.type;
    if (isSwapped && probing === before) probing = undefined;
    probing ??= probe().catch((error) => {
      probing = undefined;
      throw error;
    });
    capabilities = await probing;
    return capabilities;
  };

  const transactChunk = async (upserts: readonly Upsert[], precondition: Precondition) => {
    const answer = await execute(upserts.map((upsert) => withPrecondition(precondition, upsert)));
    if (answer.status < 300) return;
    // Stores report a conflict in different ways, so compare the ETags. A store that applied half of our writes conflicts as well.
    const stored = await readMany(upserts.map(({ key }) => key));
    const conflicting = upserts.find(({ key, etag }) => stored.get(key)?.etag !== etag);
    if (conflicting) throw new StateConflict(conflicting.key);
    probing = undefined; // The sidecar may have swapped the store.
    throw new SidecarError(answer);
  };

  const remove = async (keys: readonly string[]) => {
    if (keys.length === 0) return;
    const answer = await execute(keys.map((key) => ({ operation: 'delete', request: { key } })));
    if (answer.status >= 300) throw new SidecarError(answer);
  };

  return {
    getMany: coalesceReads(readMany),
    transact,
    etagAfter: (etag) => (capabilities?.countsWrites ? String(Number(etag ?? 0) + 1) : undefined),
    remove,
    check: async () => {
      const { components } = await sidecar.metadata();
      if (!components.some((component) => component.name === name))
        throw new Error(
          `the sidecar has no component ${name}: check that its database is running, then restart the sidecar`,
        );
      await readMany(['probe']);
    },
  };
};

/** Rejects only after all attempts have settled, so that a retry never overlaps with a running write. */
const awaitAll = async (attempts: readonly Promise<void>[]): Promise<void> => {
  const failed = (await Promise.allSettled(attempts)).find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
};
