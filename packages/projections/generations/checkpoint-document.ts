import { type Checkpoint, missingBefore, type OffsetRange, unreadCheckpoint } from '../checkpoints/checkpoint.ts';
import type { Pointer } from './pointer.ts';

/**
 * What a store keeps of one partition: how far each generation in it has followed, and which other stores are to be
 * written as well. It is the fence of the writers: each batch reads it after its delivery, writes into every generation
 * that it lists, and writes it back against its ETag. So a change of the generations here reaches every
 * writer, also one that slept meanwhile: it gets a conflict, and reads again. A batch that leaves the document as it is must
 * have read it.
 */
export type CheckpointDocument = {
  /** By number. */
  readonly generations: Readonly<Record<number, Checkpoint>>;
  readonly also?: readonly string[];
  /** Offsets of dead letters that a person has discarded: they mark no document again, however often they come. */
  readonly discarded?: readonly OffsetRange[];
  /** Random, of the writer's last batch: by it that writer knows its own (see write-memory.ts). */
  readonly mark?: string;
};

/** No document key can look like this: document keys never contain a colon. */
export const checkpointKey = (projection: string, topic: string, partition: number): string =>
  `position:${projection}:${topic}:${partition}`;

/** A document of the time before there were generations is one position, that of the first. */
export const asCheckpointDocument = (value: unknown): CheckpointDocument | undefined => {
  if (value === undefined) return undefined;
  return 'applied' in (value as object) ? { generations: { 1: value as Checkpoint } } : (value as CheckpointDocument);
};

/** For a partition that has no document yet: the generations that are kept up to date now. */
export const documentFor = ({ answering, previous }: Pointer): CheckpointDocument => {
  const kept = [...previous, answering];
  const own = kept.filter(({ store }) => store === undefined);
  const also = [...new Set(kept.flatMap(({ store }) => (store === undefined ? [] : [store])))];
  return {
    generations: Object.fromEntries(own.map(({ number }) => [number, unreadCheckpoint])),
    ...(also.length > 0 && { also }),
  };
};

/** Answers the very same document when `change` answers the very same positions. */
export const updateCheckpoints = (
  document: CheckpointDocument,
  change: (position: Checkpoint, number: number) => Checkpoint,
): CheckpointDocument => {
  const changed = numbersOf(document).map(
    (number) => [number, change(document.generations[number] as Checkpoint, number)] as const,
  );
  if (changed.every(([number, position]) => position === document.generations[number])) return document;
  return { ...document, generations: Object.fromEntries(changed) };
};

/** The document of a store that should have everything before `next`; the very same one where it has. */
export const missingInAll = (document: CheckpointDocument, next: number): CheckpointDocument =>
  updateCheckpoints(document, (position) => missingBefore(position, next));

export const numbersOf = ({ generations }: CheckpointDocument): number[] => Object.keys(generations).map(Number);

export const isDiscarded = ({ discarded = [] }: Pick<CheckpointDocument, 'discarded'>, offset: number): boolean =>
  discarded.some(([first, last]) => first <= offset && offset <= last);

/** Of another log: the offsets of the one before mean nothing in it. The very same document where nothing is discarded. */
export const withoutDiscarded = (document: CheckpointDocument): CheckpointDocument => {
  const { discarded, ...rest } = document;
  return discarded ? rest : document;
};
