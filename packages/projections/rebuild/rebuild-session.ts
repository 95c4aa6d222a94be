import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createLeaseValue, createValueObserver } from '../../runtime/lease.ts';
import { retry } from '../../runtime/retry.ts';
import { asPointer, type Pointer, pointerKey, type Rebuild, readPointer } from '../generations/pointer.ts';
import type { StateStore } from '../state-store.ts';
import { type RebuildContext, RebuildInProgress, RebuildRefused, storeRetry } from './context.ts';
import { describeNextCommands, describeRebuild } from './remedies.ts';

/** A lease that was not renewed for this long has expired, in ms. */
export const rebuildLeaseMs = 10_000;
const renewEveryMs = 1_000;
/** The lease was released and can be taken at once. */
export const leaseReleased = 0;

type LeaseContext = Pick<RebuildContext<never, never>, 'stores' | 'report' | 'observeLease'> & {
  readonly projection: { readonly name: string };
};

/**
 * Waits until no other process holds the lease, and returns the pointer. A killed process does not renew its lease. So a
 * lease has expired when we see no renewal for its duration by our own monotonic clock; the clock of the other process
 * does not matter.
 * @throws RebuildInProgress when the holder renews its lease
 */
export const waitForLease = async ({
  projection,
  stores,
  report,
  observeLease = () => createValueObserver(rebuildLeaseMs),
}: LeaseContext): Promise<Pointer> => {
  const lease = observeLease();
  for (let first: string | undefined; ; ) {
    const pointer = await readPointer(stores(), projection.name);
    const { rebuild } = pointer;
    if (!rebuild || rebuild.leaseUntil === leaseReleased) return pointer;
    const value = `${rebuild.holder} ${rebuild.leaseUntil}`;
    if (lease.isUnchanged(value)) return pointer;
    if (!first)
      report(`A rebuild by ${rebuild.holder} has not released its lease; waiting to see whether it renews it …`);
    first ??= value;
    if (value !== first)
      throw new RebuildInProgress(
        `A rebuild by ${rebuild.holder} is in progress. Wait until it ends, or stop it and run again.`,
      );
    await delay(250);
  }
};

/** @throws RebuildRefused with the commands that end the rebuild, when one is unfinished, with or without a running process */
export const throwIfUnfinished = ({ rebuild }: Pointer) => {
  if (rebuild)
    throw new RebuildRefused(`A rebuild ${describeRebuild(rebuild)} is unfinished. ${describeNextCommands(rebuild)}`);
};

/** A process's exclusive hold on the pointer during a rebuild: the lease, and the progress so far. */
export type RebuildSession = {
  pointer(): Pointer;
  rebuild(): Rebuild;
  /** Records progress; it is stored with the next renewal of the lease, or by `update`. */
  recordProgress(done: Partial<Rebuild>): void;
  /** Changes and stores the pointer. @throws RebuildInProgress when another process has taken it */
  update(decide: (held: Pointer) => Pointer): Promise<void>;
  /**
   * Reads the stored pointer, and returns it while it is as we wrote it.
   * @throws RebuildInProgress when another process has taken it
   */
  checkOwnership(): Promise<Pointer>;
  /** Aborted once another process has taken the pointer. */
  readonly ownershipLost: AbortSignal;
  /** Releases the lease. */
  close(): Promise<void>;
};

/**
 * Takes the pointer if it is still as it was read (`expected`), with a lease that is renewed every second. Any other
 * process that writes the pointer takes it from us: our next write is a compare-and-set, so it notices.
 */
export const openRebuildSession = async (
  store: StateStore,
  projection: string,
  taking: Pointer & { rebuild: Rebuild },
  { expected }: { expected: Pointer },
): Promise<RebuildSession> => {
  const key = pointerKey(projection);
  const aborting = new AbortController();
  let written = expected;
  let current: Pointer = taking;
  let lastWrite: Promise<unknown> = Promise.resolve();

  const write = async () => {
    const next = toStoredJson(current.rebuild ? withLease(current, current.rebuild, createLeaseValue()) : current);
    await retry(async () => {
      const held = (await store.getMany([key])).get(key);
      if (isDeepStrictEqual(held?.value, next)) return; // An attempt that seemed to fail was applied.
      if (!isDeepStrictEqual(asPointer(held?.value), written)) throw createOwnershipLostError();
      await store.transact([{ key, value: next, etag: held?.etag }]);
    }, storeRetry);
    written = next;
  };
  const verifyStored = async () => {
    aborting.signal.throwIfAborted();
    const held = await retry(() => store.getMany([key]), storeRetry);
    if (!isDeepStrictEqual(asPointer(held.get(key)?.value), written)) throw createOwnershipLostError();
  };
  const enqueue = (work: () => Promise<void>) => {
    const done = lastWrite.then(work);
    lastWrite = done.catch((error) => aborting.abort(error));
    return done;
  };

  await enqueue(write);
  const renewal = setInterval(() => void enqueue(write).catch(() => clearInterval(renewal)), renewEveryMs);
  return {
    pointer: () => current,
    rebuild: () => current.rebuild as Rebuild,
    recordProgress: (done) => {
      current = { ...current, rebuild: { ...(current.rebuild as Rebuild), ...done } };
    },
    update: async (decide) => {
      aborting.signal.throwIfAborted();
      current = decide(current);
      await enqueue(write);
    },
    checkOwnership: async () => {
      await enqueue(verifyStored);
      return current;
    },
    ownershipLost: aborting.signal,
    close: async () => {
      clearInterval(renewal);
      await lastWrite;
      const { rebuild } = current;
      if (!rebuild || aborting.signal.aborted) return;
      const held = (await store.getMany([key])).get(key);
      if (!isDeepStrictEqual(held?.value, written)) return;
      await store.transact([{ key, value: withLease(current, rebuild, leaseReleased), etag: held?.etag }]);
    },
  };
};

const withLease = (pointer: Pointer, rebuild: Rebuild, leaseUntil: number): Pointer => ({
  ...pointer,
  rebuild: { ...rebuild, leaseUntil },
});

/** The pointer as the store returns it. */
const toStoredJson = (pointer: Pointer): Pointer => JSON.parse(JSON.stringify(pointer));

const createOwnershipLostError = () =>
  new RebuildInProgress(
    'Another process has changed the pointer, or the store has lost a write. Run the command again: it continues from what is stored.',
  );
