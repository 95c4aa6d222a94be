import { type Checkpoint, initialCheckpoint, markMissingBefore, type OffsetRange } from '../checkpoints/checkpoint.ts';
import type { Pointer } from './pointer.ts';

/**
 * The checkpoint document of one partition: the checkpoint of every generation in this store, and the other stores that
 * have to be written too. It is the fence for writers: each batch reads the document after its delivery, writes into
 * every generation that the document registers, and writes the document back against its ETag. So a change of the
 * registered generations reaches every writer. The write of a writer that was suspended meanwhile conflicts, and the
 * writer reads again. A batch that leaves the document unchanged must still read it.
 */
export type CheckpointDocument = {
  /** By the number of the generation. */
  readonly generations: Readonly<Record<number, Checkpoint>>;
  /** Names of the other stores that have to be written too. */
  readonly also?: readonly string[];
  /**
   * Offsets of dead letters that an operator has discarded: they mark no document again, however often they are
   * delivered.
   */
  readonly discarded?: readonly OffsetRange[];
  /** Random id of the last write, by which the write-through cache recognises its own checkpoint. */
  readonly mark?: string;
};

/** Cannot collide with a document key, because document keys never contain a colon. */
export const checkpointKey = (projection: string, topic: string, partition: number): string =>
  `position:${projection}:${topic}:${partition}`;

/** Reads a stored value. Versions without generations stored only the checkpoint of the first generation. */
export const asCheckpointDocument = (value: unknown): CheckpointDocument | undefined => {
  if (value === undefined) return undefined;
  return 'applied' in (value as object) ? { generations: { 1: value as Checkpoint } } : (value as CheckpointDocument);
};

/** The document of a partition that has none yet: it registers the generations that the pointer names. */
export const createCheckpointDocument = ({ answering, previous }: Pointer): CheckpointDocument => {
  const kept = [...previous, answering];
  const inPrimaryStore = kept.filter(({ store }) => store === undefined);
  const also = [...new Set(kept.flatMap(({ store }) => (store === undefined ? [] : [store])))];
  return {
    generations: Object.fromEntries(inPrimaryStore.map(({ number }) => [number, initialCheckpoint])),
    ...(also.length > 0 && { also }),
  };
};

/** Applies `change` to every checkpoint; returns the same document when no checkpoint changes. */
export const updateCheckpoints = (
  document: CheckpointDocument,
  change: (checkpoint: Checkpoint, number: number) => Checkpoint,
): CheckpointDocument => {
  const changed = listGenerationNumbers(document).map(
    (number) => [number, change(document.generations[number] as Checkpoint, number)] as const,
  );
  if (changed.every(([number, checkpoint]) => checkpoint === document.generations[number])) return document;
  return { ...document, generations: Object.fromEntries(changed) };
};

/** Adds the offsets before `next` that the checkpoints lack as missing; returns the same document when they lack none. */
export const markMissingInAll = (document: CheckpointDocument, next: number): CheckpointDocument =>
  updateCheckpoints(document, (checkpoint) => markMissingBefore(checkpoint, next));

export const listGenerationNumbers = ({ generations }: CheckpointDocument): number[] =>
  Object.keys(generations).map(Number);

export const isDiscarded = ({ discarded = [] }: Pick<CheckpointDocument, 'discarded'>, offset: number): boolean =>
  discarded.some(([first, last]) => first <= offset && offset <= last);

/**
 * Removes the discarded offsets, which mean nothing in a log that was replaced. Returns the same document when nothing
 * is discarded.
 */
export const withoutDiscarded = (document: CheckpointDocument): CheckpointDocument => {
  const { discarded, ...rest } = document;
  return discarded ? rest : document;
};
