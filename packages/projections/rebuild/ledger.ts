import { isDeepStrictEqual } from 'node:util';
import { newLeaseValue } from '../../runtime/lease.ts';
import { asPointer, type Pointer, pointerKey, type Rebuild } from '../generations/pointer.ts';
import type { StateStore } from '../state-store.ts';
import { persistently } from './persistently.ts';
import { RebuildUnderWay } from './rebuild-refused.ts';

/** A rebuild that did not renew its lease for this long is taken over. */
export const rebuildLeaseMs = 10_000;
const renewEveryMs = 1_000;
/** A lease that was given back: it can be taken at once. */
export const leaseReleased = 0;

/** The pointer in the hands of the one rebuild that may change it, with what that has done so far. */
export type Ledger = {
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
export const openLedger = async (
  store: StateStore,
  projection: string,
  taken: Pointer & { rebuild: Rebuild },
  { held: before }: { held: Pointer },
): Promise<Ledger> => {
  const key = pointerKey(projection);
  const losing = new AbortController();
  let written = before;
  let noted: Pointer = taken;
  let writing: Promise<unknown> = Promise.resolve();

  const write = async () => {
    const next = plain(noted.rebuild ? withLease(noted, noted.rebuild, newLeaseValue()) : noted);
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
