import { StateConflict, type StateStore, type StoredValue, type Upsert } from '../projections/state-store.ts';
import { splitIntoChunks } from '../runtime/chunks.ts';
import type { Sidecar } from './sidecar.ts';
import { coalesceReads } from './state-store/coalesce-reads.ts';
import { createGrpcState } from './state-store/grpc-state.ts';
import { createHttpState } from './state-store/http-state.ts';
import { probeStateStore, type StoreCapabilities, withPrecondition } from './state-store/probe-state-store.ts';
import type { Operation } from './state-store/state-calls.ts';

type KnownStore = StoreCapabilities & { readonly type: string | undefined };

/**
 * A slow database needs a second or two for this many keys, well within the timeout of a sidecar call. Redis serves no other client
 * meanwhile, but needs only some milliseconds, so it gets more keys per gRPC call.
 */
const maxKeysPerCall = 500;
const maxKeysPerRedisCall = 2_000;
/** The component that stores the bytes of a gRPC call as they are. Others store them as base64, which SQL queries cannot read. */
const redisComponent = 'state.redis';
/**
 * Two, so that the store executes one call while the sidecar parses the next. One where transactions roll back: such
 * transactions hold locks and would block each other.
 */
const maxConcurrentWrites = ({ rollsBack }: StoreCapabilities) => (rollsBack ? 1 : 2);

/** A state store on a Dapr state component with transactions and ETags. It uses gRPC where the sidecar's gRPC port is known. */
export const createDaprStateStore = (sidecar: Sidecar, name: string, newId: () => string): StateStore => {
  const overHttp = createHttpState(sidecar, name);
  const overGrpc = sidecar.grpc && createGrpcState(sidecar.grpc, name, overHttp);
  const { read } = overGrpc ?? overHttp;
  let probing: Promise<KnownStore> | undefined;
  let capabilities: KnownStore | undefined;

  const keysPerCall = () => (overGrpc && capabilities?.type === redisComponent ? maxKeysPerRedisCall : maxKeysPerCall);
  const readMany = async (keys: readonly string[]): Promise<Map<string, StoredValue>> => {
    const values = new Map<string, StoredValue>();
    for (const chunk of splitIntoChunks(keys, keysPerCall()))
      for (const [key, value] of await read(chunk)) values.set(key, value);
    return values;
  };
  /**
   * The sidecar swaps a component when its YAML changes. Each value in a gRPC call has an ETag of Redis, so that a store of another type,
   * swapped in a moment ago, refuses it and does not store base64.
   */
  const execute = (operations: readonly Operation[], type: string | undefined) =>
    overGrpc && type === redisComponent && operations.every(({ request }) => request.etag !== undefined)
      ? overGrpc.execute(operations)
      : overHttp.execute(operations);

  const transact = async (upserts: readonly Upsert[]) => {
    if (upserts.length === 0) return;
    const known = await readCapabilities();
    const size = keysPerCall();
    const [earlier, last] = [upserts.slice(0, -size), upserts.slice(-size)];
    for (const concurrentChunks of splitIntoChunks(splitIntoChunks(earlier, size), maxConcurrentWrites(known)))
      await awaitAll(concurrentChunks.map((chunk) => transactChunk(chunk, known)));
    await transactChunk(last, known);
  };

  const componentType = async () =>
    (await sidecar.metadata()).components.find((component) => component.name === name)?.type;
  const probe = async () => {
    const type = await componentType();
    const calls = { read, execute: (operations: readonly Operation[]) => execute(operations, type) };
    return { type, ...(await probeStateStore(calls, { key: `probe:${newId()}`, type })) };
  };
  const readCapabilities = async (): Promise<KnownStore> => {
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

  const transactChunk = async (upserts: readonly Upsert[], known: KnownStore): Promise<void> => {
    const operations = upserts.map((upsert) => withPrecondition(known.precondition, upsert));
    const refusal = await execute(operations, known.type);
    if (!refusal) return;
    if (refusal.isTooLarge && upserts.length > 1) {
      const middle = upserts.length >> 1;
      await transactChunk(upserts.slice(0, middle), known);
      return transactChunk(upserts.slice(middle), known);
    }
    // Stores report a conflict in different ways, so compare the ETags. A store that applied half of our writes conflicts as well.
    const stored = await readMany(upserts.map(({ key }) => key));
    const conflicting = upserts.find(({ key, etag }) => stored.get(key)?.etag !== etag);
    if (conflicting) throw new StateConflict(conflicting.key);
    probing = undefined; // The sidecar may have swapped the store.
    throw refusal;
  };

  const remove = async (keys: readonly string[]) => {
    if (keys.length === 0) return;
    const refusal = await overHttp.execute(keys.map((key) => ({ operation: 'delete', request: { key } })));
    if (refusal) throw refusal;
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
