import { groupBy } from '../../runtime/group-by.ts';
import { union } from '../checkpoints/checkpoint.ts';
import {
  asCheckpointDocument,
  type CheckpointDocument,
  checkpointKey,
  createCheckpointDocument,
  listGenerationNumbers,
  updateCheckpoints,
} from '../generations/checkpoint-document.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import type { ProjectionRef } from '../generations/read-checkpoints.ts';
import type { Stores } from '../generations/stores.ts';
import type { StateStore, Upsert } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import { joinMarks, listOpenMarks, type Mark, type PlacePair, removeMarks, splitMarks } from './dead-letter-marks.ts';
import { withDeadLetters } from './open-dead-letters.ts';

/** A dead letter, and the key of the document that it concerns; undefined where it names none. */
export type DeadLetterPlace = { readonly partition: number; readonly offset: number; readonly key: string | undefined };

/**
 * Removes the marks of dead letters from their documents, in every registered generation. The checkpoint documents
 * remember the discarded offsets, so neither a redelivery nor a rebuild marks the documents again.
 */
export const discardDeadLetters = async (
  projection: ProjectionRef,
  stores: Stores,
  letters: readonly DeadLetterPlace[],
): Promise<void> => {
  for (const [partition, inPartition] of groupBy(letters, (letter) => letter.partition)) {
    const discard = (store: string | undefined) =>
      retryOnConflict(() => discardInStore(projection, stores(store), partition, inPartition));
    const { also = [] } = await discard(undefined);
    for (const store of also) await discard(store);
  }
};

const discardInStore = async (
  { name, topic }: ProjectionRef,
  store: StateStore,
  partition: number,
  letters: readonly DeadLetterPlace[],
): Promise<CheckpointDocument> => {
  const key = checkpointKey(name, topic.name, partition);
  const storedCheckpoint = (await store.getMany([key])).get(key);
  const document =
    asCheckpointDocument(storedCheckpoint?.value) ?? createCheckpointDocument(await readPointer(store, name));
  const keys = [...new Set(letters.flatMap((letter) => letter.key ?? []))];
  const numbers = listGenerationNumbers(document);
  const held = await store.getMany(numbers.flatMap((number) => keys.map((plainKey) => documentKey(number, plainKey))));
  const places = letters.map(({ offset }): PlacePair => [partition, offset]);

  const upserts: Upsert[] = [];
  const unmarked = updateCheckpoints(document, (checkpoint, number) => {
    const openMarks = new Map<string, readonly Mark[]>();
    for (const plainKey of keys) {
      const storedKey = documentKey(number, plainKey);
      const stored = splitMarks(held.get(storedKey)?.value);
      const kept = { ...stored, marks: removeMarks(stored.marks, places) };
      if (kept.marks !== stored.marks)
        upserts.push({ key: storedKey, value: joinMarks(kept), etag: held.get(storedKey)?.etag });
      openMarks.set(plainKey, listOpenMarks(kept));
    }
    return withDeadLetters(checkpoint, partition, openMarks);
  });
  const offsets = letters.map(({ offset }) => [offset, offset] as const);
  const after = { ...unmarked, discarded: union([...(document.discarded ?? []), ...offsets]) };
  await store.transact([...upserts, { key, value: after, etag: storedCheckpoint?.etag }]);
  return after;
};
