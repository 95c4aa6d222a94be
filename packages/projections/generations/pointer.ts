import type { StateStore } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import type { Generation } from './generation.ts';

/** The progress of a rebuild: enough to continue after the process was killed. */
export type Rebuild = {
  readonly into: Generation;
  readonly inPlace: boolean;
  /**
   * `replaying`: the generation is filled from the log. `joined`: the live writers keep it up to date as well.
   * `filled`: it has everything that the log had by then. `abandoned`: it is being removed, and may be removed in part.
   */
  readonly phase: 'replaying' | 'joined' | 'filled' | 'abandoned';
  /** The process that holds the lease. */
  readonly holder: string;
  /** A random value, not a time: it changes with every renewal of the lease. 0: the lease was released. */
  readonly leaseUntil: number;
  /** In ms since 1970. */
  readonly startedAt: number;
  /** Per partition the next offset to replay. */
  readonly next: Readonly<Record<number, number>>;
  /** Per partition the end offset of the replay. */
  readonly ends: Readonly<Record<number, number>>;
  /** The number of poison records that the replay found. */
  readonly setAside: number;
  /**
   * Only for a rebuild that begins with a snapshot: whether all of the snapshot is written, and the cursor after the last
   * page that is written. `next` then begins at the end offsets that the log had before the first page was read.
   */
  readonly snapshot?: { readonly after?: string; readonly isComplete: boolean };
};

/** The pointer of a view: the active generation, and which others exist. */
export type Pointer = {
  /** The active generation, from which the view answers. */
  readonly answering: Generation;
  /** The highest number given to a generation so far. */
  readonly lastNumber: number;
  /** Generations that were active before, oldest first; writers still keep them up to date. */
  readonly previous: readonly Generation[];
  /** Generations that are being deleted, and may be deleted in part. */
  readonly retired?: readonly Generation[];
  /** The active generation is being filled, so it must not be read yet. */
  readonly unready?: true;
  readonly rebuild?: Rebuild;
};

/** Cannot collide with a document key, because document keys never contain a colon. */
export const pointerKey = (projection: string): string => `generation:${projection}`;

/** The generations that writers have to keep up to date. */
export const listMaintainedGenerations = ({ answering, previous, rebuild }: Pointer): readonly Generation[] => [
  answering,
  ...previous,
  ...(rebuild ? [rebuild.into] : []),
];

/** The pointer before the first rebuild, when none is stored. */
export const initialPointer: Pointer = { answering: { number: 1 }, lastNumber: 1, previous: [] };

export const asPointer = (value: unknown): Pointer => (value as Pointer | undefined) ?? initialPointer;

export const readPointer = async (store: StateStore, projection: string): Promise<Pointer> => {
  const key = pointerKey(projection);
  return asPointer((await store.getMany([key])).get(key)?.value);
};

/**
 * Changes the pointer by compare-and-set, and returns the new one. After a conflict it reads and decides again.
 * `decide` may throw to leave the pointer unchanged.
 */
export const changePointer = async (
  store: StateStore,
  projection: string,
  decide: (held: Pointer) => Pointer,
): Promise<Pointer> => {
  const key = pointerKey(projection);
  return retryOnConflict(async () => {
    const held = (await store.getMany([key])).get(key);
    const decided = decide(asPointer(held?.value));
    await store.transact([{ key, value: decided, etag: held?.etag }]);
    return decided;
  });
};
