import type { PlacePair } from '../dead-letters/dead-letter-marks.ts';
import type { Projection } from '../declaration.ts';
import { type CheckpointDocument, checkpointKey, isDiscarded, numbersOf } from '../generations/checkpoint-document.ts';
import type { StoredValue, Upsert } from '../state-store.ts';
import { afterDelivery, type DeliveredOffsets, isUnexpected } from './delivered-offsets.ts';
import { fold } from './fold.ts';
import type { ParsedBatch } from './parse-batch.ts';

/** Position documents by key. */
export type CheckpointDocuments = ReadonlyMap<string, CheckpointDocument>;

/** What was read of one store for a batch: by key what it holds, and the position documents. */
export type StoreRead = { readonly held: ReadonlyMap<string, StoredValue>; readonly documents: CheckpointDocuments };

/** What is to be written to one store. */
export type Plan = {
  readonly upserts: readonly Upsert[];
  /** Events, by what became of them. */
  readonly counts: Record<string, number>;
  /** Other stores that are to be written as well. */
  readonly also: readonly string[];
};

export const registeredIn = (documents: CheckpointDocuments): readonly number[] => [
  ...new Set([...documents.values()].flatMap(numbersOf)),
];

/** Whether every offset follows what its position has seen. A partition without a document was never seen. */
export const areExpected = (offsets: DeliveredOffsets, { held, documents }: StoreRead): boolean =>
  [...offsets].every(([key, delivered]) => !isUnexpected(held.has(key) ? documents.get(key) : undefined, delivered));

/**
 * What follows a read of the generations `read`, when the position documents register these. `isExplained`: the offsets
 * are as expected, or the log was asked about them already; what it does not explain counts as missing.
 */
export const nextStep = ({
  read,
  registered,
  isExplained,
}: {
  readonly read: readonly number[];
  readonly registered: readonly number[];
  readonly isExplained: boolean;
}): 'read again' | 'ask the log' | 'write' => {
  if (!registered.every((number) => read.includes(number))) return 'read again';
  return isExplained ? 'write' : 'ask the log';
};

/** Folds a batch into every generation that the position documents register. `mark` names this write, where that is kept. */
export const planWrites = <Event, Document>(
  projection: Projection<Event, Document>,
  { byKey, offsets }: { readonly byKey: ParsedBatch<Event>['byKey']; readonly offsets: DeliveredOffsets },
  { held, documents }: StoreRead,
  mark: string | undefined,
): Plan => {
  const wasDiscarded = ([partition, offset]: PlacePair) => {
    const key = checkpointKey(projection.name, projection.topic.name, partition);
    const document = documents.get(key);
    // The offsets of the log before mean nothing in the one that replaced it.
    return document !== undefined && !offsets.get(key)?.log?.isReplaced && isDiscarded(document, offset);
  };
  const registered = registeredIn(documents);
  const folded = new Map(registered.map((number) => [number, fold(projection, byKey, held, number, wasDiscarded)]));
  const positions = [...offsets].flatMap(([key, delivered]): Upsert[] => {
    const before = documents.get(key) as CheckpointDocument;
    const after = afterDelivery(before, delivered, (number) => folded.get(number)?.marked ?? new Map());
    if (after === before) return [];
    return [{ key, value: mark === undefined ? after : { ...after, mark }, etag: held.get(key)?.etag }];
  });
  return {
    // Positions last: no store may ever know that it followed what it has not. Otherwise one order for all writers, or two
    // transactions of a relational store lock each other out.
    upserts: [...inOrder([...folded.values()].flatMap((one) => one.upserts)), ...inOrder(positions)],
    counts: folded.get(registered[0] as number)?.counts ?? {},
    also: [...documents.values()].flatMap((document) => document.also ?? []),
  };
};

const inOrder = (upserts: readonly Upsert[]): Upsert[] => [...upserts].sort((a, b) => (a.key < b.key ? -1 : 1));
