import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import type { Projection } from '../declaration.ts';
import {
  type CheckpointDocument,
  checkpointKey,
  isDiscarded,
  listGenerationNumbers,
} from '../generations/checkpoint-document.ts';
import type { StoredValue, Upsert } from '../state-store.ts';
import { advanceDocument, type DeliveredOffsets, isUnexpected } from './delivered-offsets.ts';
import { fold } from './fold.ts';
import type { ParsedBatch } from './parse-batch.ts';

/** Checkpoint documents by key. */
export type CheckpointDocuments = ReadonlyMap<string, CheckpointDocument>;

/** What was read from one store for a batch: the values by key, and the checkpoint documents. */
export type StoreRead = { readonly held: ReadonlyMap<string, StoredValue>; readonly documents: CheckpointDocuments };

/** The writes to one store. */
export type Plan = {
  readonly upserts: readonly Upsert[];
  /** Number of events by outcome. */
  readonly counts: Record<string, number>;
  /** The other stores that have to be written too. */
  readonly secondaryStores: readonly string[];
};

export const listRegisteredGenerations = (documents: CheckpointDocuments): readonly number[] => [
  ...new Set([...documents.values()].flatMap(listGenerationNumbers)),
];

/**
 * Whether every offset directly follows its checkpoint. A partition without a checkpoint document is new, and so
 * unexpected.
 */
export const areOffsetsExpected = (offsets: DeliveredOffsets, { held, documents }: StoreRead): boolean =>
  [...offsets].every(([key, delivered]) => !isUnexpected(held.has(key) ? documents.get(key) : undefined, delivered));

/**
 * The next step after the generations `read` were read and the checkpoint documents register the generations
 * `registered`. `isVerified`: the offsets are as expected, or were already looked up in the log; gaps that the log does
 * not explain count as missing.
 */
export const decideNextStep = ({
  read,
  registered,
  isVerified,
}: {
  readonly read: readonly number[];
  readonly registered: readonly number[];
  readonly isVerified: boolean;
}): 'read again' | 'verify with log' | 'write' => {
  if (!registered.every((number) => read.includes(number))) return 'read again';
  return isVerified ? 'write' : 'verify with log';
};

/**
 * Folds a batch into every generation that the checkpoint documents register. `writeId` identifies this write for the
 * write-through cache; undefined where the store is not cached.
 */
export const planWrites = <Event, Document>(
  projection: Projection<Event, Document>,
  { byKey, offsets }: { readonly byKey: ParsedBatch<Event>['byKey']; readonly offsets: DeliveredOffsets },
  { held, documents }: StoreRead,
  writeId: string | undefined,
): Plan => {
  const wasDiscarded = ([partition, offset]: PlacePair) => {
    const key = checkpointKey(projection.name, projection.topic.name, partition);
    const document = documents.get(key);
    // The log was replaced, so offsets that were discarded in the old log mean nothing.
    return document !== undefined && !offsets.get(key)?.log?.isReplaced && isDiscarded(document, offset);
  };
  const registered = listRegisteredGenerations(documents);
  const folded = new Map(registered.map((number) => [number, fold(projection, byKey, held, number, wasDiscarded)]));
  const checkpoints = [...offsets].flatMap(([key, delivered]): Upsert[] => {
    const before = documents.get(key) as CheckpointDocument;
    const after = advanceDocument(before, delivered, (number) => folded.get(number)?.marked ?? new Map());
    if (after === before) return [];
    return [{ key, value: writeId === undefined ? after : { ...after, mark: writeId }, etag: held.get(key)?.etag }];
  });
  return {
    // Checkpoints come last: a store must never claim more than it holds. All writers use the same order, so that
    // transactions of a relational store do not deadlock.
    upserts: [...sortByKey([...folded.values()].flatMap((one) => one.upserts)), ...sortByKey(checkpoints)],
    counts: folded.get(registered[0] as number)?.counts ?? {},
    secondaryStores: [...documents.values()].flatMap((document) => document.also ?? []),
  };
};

const sortByKey = (upserts: readonly Upsert[]): Upsert[] => [...upserts].sort((a, b) => (a.key < b.key ? -1 : 1));
