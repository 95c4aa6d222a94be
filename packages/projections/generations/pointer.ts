import type { StateStore } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import type { Generation } from './generation.ts';

/** What a rebuild has done so far: enough to go on after it was killed. */
export type Rebuild = {
  readonly into: Generation;
  readonly inPlace: boolean;
  /**
   * `joined`: the live writers keep the new generation up to date. `filled`: it has all that the log had by then.
   * `abandoned`: it is being removed, and may be so in part.
   */
  readonly phase: 'replaying' | 'joined' | 'filled' | 'abandoned';
  readonly holder: string;
  /** No time: it changes with every renewal of the holder's lease. 0: the lease was given back. */
  readonly leaseUntil: number;
  /** In milliseconds since 1970. */
  readonly startedAt: number;
  /** Per partition: everything before this offset is written. */
  readonly next: Readonly<Record<number, number>>;
  /** Per partition: where it has to get to. */
  readonly ends: Readonly<Record<number, number>>;
  readonly setAside: number;
  /**
   * Of a rebuild that begins with a snapshot: whether that is written, and the cursor behind the last page that is. `next`
   * then began where the log ended before the first page was read.
   */
  readonly snapshot?: { readonly after?: string; readonly isComplete: boolean };
};

/** Which generation of a view answers, and which others there are. */
export type Pointer = {
  readonly answering: Generation;
  /** The number that was given last. */
  readonly lastNumber: number;
  /** Generations that answered before, in that order, and are still kept up to date. */
  readonly previous: readonly Generation[];
  /** Those that are about to be deleted, and may be so in part. */
  readonly retired?: readonly Generation[];
  /** The one that should answer is being filled: it must not be read yet. */
  readonly unready?: true;
  readonly rebuild?: Rebuild;
};

/** No document key can look like this: document keys never contain a colon. */
export const pointerKey = (projection: string): string => `generation:${projection}`;

/** The generations that the writers have to keep up to date. */
export const keptBy = ({ answering, previous, rebuild }: Pointer): readonly Generation[] => [
  answering,
  ...previous,
  ...(rebuild ? [rebuild.into] : []),
];

/** Before the first rebuild there is none. */
export const initialPointer: Pointer = { answering: { number: 1 }, lastNumber: 1, previous: [] };

export const asPointer = (value: unknown): Pointer => (value as Pointer | undefined) ?? initialPointer;

export const readPointer = async (store: StateStore, projection: string): Promise<Pointer> => {
  const key = pointerKey(projection);
  return asPointer((await store.getMany([key])).get(key)?.value);
};

/**
 * Reads the pointer, decides, and writes what was decided, unless another was there first: then all of it again.
 * `decide` may throw to leave things as they are. Answers the pointer as it now is.
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
