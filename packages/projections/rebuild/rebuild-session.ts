import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { createLeaseValue, createValueObserver } from '../../runtime/lease.ts';
import { asPointer, type Pointer, pointerKey, type Rebuild, readPointer } from '../generations/pointer.ts';
import type { StateStore } from '../state-store.ts';
import { persistently, type RebuildContext, RebuildRefused, RebuildUnderWay } from './context.ts';

/** A rebuild that did not renew its lease for this long is taken over. */
export const rebuildLeaseMs = 10_000;
const renewEveryMs = 1_000;
/** A lease that was given back: it can be taken at once. */
export const leaseReleased = 0;

type LeaseContext = Pick<RebuildContext<never, never>, 'stores' | 'say' | 'observeLease'> & {
  readonly projection: { readonly name: string };
};

/**
 * The pointer once no other rebuild holds it. A rebuild that was killed has a lease that is not renewed: we observe that
 * for the lease's duration by our own clock, whatever time it was for the other.
 * @throws RebuildRefused when the other is alive
 */
export const untilFree = async ({
  projection,
  stores,
  say,
  observeLease = () => createValueObserver(rebuildLeaseMs),
}: LeaseContext): Promise<Pointer> => {
  const lease = observeLease();
  for (let first: string | undefined; ; ) {
    const pointer = await readPointer(stores(), projection.name);
    const { rebuild } = pointer;
    if (!rebuild || rebuild.leaseUntil === leaseReleased) return pointer;
    const value = `${rebuild.holder} ${rebuild.leaseUntil}`;
    if (lease.isUnchanged(value)) return pointer;
    if (!first) say(`A rebuild by ${rebuild.holder} has not given its lease back; waiting whether it renews it …`);
    first ??= value;
    if (value !== first)
      throw new RebuildUnderWay(`A rebuild by ${rebuild.holder} is under way. Wait for it, or stop it and run again.`);
    await delay(250);
  }
};

/** @throws RebuildRefused while a rebuild is unfinished, whether a process is at work on it or not */
export const refuseUnfinished = ({ rebuild }: Pointer) => {
  if (rebuild)
    throw new RebuildRefused(
      'There is an unfinished rebuild: finish it with npm run rebuild, or give it up with --abandon.',
    );
};

/** The pointer in the hands of the one rebuild that may change it, with what that has done so far. */
export type RebuildSession = {
  pointer(): Pointer;
  rebuild(): Rebuild;
  /** Remembers what was done; written with the next renewal, or by `change`. */
  note(done: Partial<Rebuild>): void;
  /** Writes the pointer. @throws RebuildRefused when it is no longer ours */
  change(decide: (held: Pointer) => Pointer): Promise<void>;
  /** The pointer, once the store has said that it is as we wrote it. @throws RebuildRefused when it is no longer ours */
  confirm(): Promise<Pointer>;
  /** Aborted when the pointer is no longer ours. */
  readonly lost: AbortSignal;
  /** Gives the lease back. */
  close(): Promise<void>;
};

/**
 * Takes the pointer, if it still is as it was read (`held`), with a lease that is renewed every second. Any other process
 * that writes it takes it from us: we notice at our next write, for each is a compare-and-set.
 */
export const openRebuildSession = async (
  store: StateStore,
  projection: string,
  taken: Pointer & { rebuild: Rebuild },
  { held: before }: { held: Pointer },
): Promise<RebuildSession> => {
  const key = pointerKey(projection);
  const losing = new AbortController();
  let written = before;
  let noted: Pointer = taken;
  let writing: Promise<unknown> = Promise.resolve();

  const write = async () => {
    const next = plain(noted.rebuild ? withLease(noted, noted.rebuild, createLeaseValue()) : noted);
    await persistently(async () => {
      const held = (await store.getMany([key])).get(key);
      if (isDeepStrictEqual(held?.value, next)) return; // an attempt that seemed to fail
      if (!isDeepStrictEqual(asPointer(held?.value), written)) throw noLongerOurs();
      await store.transact([{ key, value: next, etag: held?.etag }]);
    });
    written = next;
  };
  const confirm = async () => {
    losing.signal.throwIfAborted();
    const held = await persistently(() => store.getMany([key]));
    if (!isDeepStrictEqual(asPointer(held.get(key)?.value), written)) throw noLongerOurs();
  };
  const inTurn = (work: () => Promise<void>) => {
    const turn = writing.then(work);
    writing = turn.catch((error) => losing.abort(error));
    return turn;
  };

  await inTurn(write);
  const renewal = setInterval(() => void inTurn(write).catch(() => clearInterval(renewal)), renewEveryMs);
  return {
    pointer: () => noted,
    rebuild: () => noted.rebuild as Rebuild,
    note: (done) => {
      noted = { ...noted, rebuild: { ...(noted.rebuild as Rebuild), ...done } };
    },
    change: async (decide) => {
      losing.signal.throwIfAborted();
      noted = decide(noted);
      await inTurn(write);
    },
    confirm: async () => {
      await inTurn(confirm);
      return noted;
    },
    lost: losing.signal,
    close: async () => {
      clearInterval(renewal);
      await writing;
      const { rebuild } = noted;
      if (!rebuild || losing.signal.aborted) return;
      const held = (await store.getMany([key])).get(key);
      if (!isDeepStrictEqual(held?.value, written)) return;
      await store.transact([{ key, value: withLease(noted, rebuild, leaseReleased), etag: held?.etag }]);
    },
  };
};

const withLease = (pointer: Pointer, rebuild: Rebuild, leaseUntil: number): Pointer => ({
  ...pointer,
  rebuild: { ...rebuild, leaseUntil },
});

/** As the store gives it back. */
const plain = (pointer: Pointer): Pointer => JSON.parse(JSON.stringify(pointer));

const noLongerOurs = () =>
  new RebuildUnderWay(
    'Another has changed the pointer meanwhile, or the store has lost what was written. Run again: it goes on from what is there.',
  );
