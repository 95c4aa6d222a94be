import { groupBy } from '../../runtime/group-by.ts';
import { union } from '../checkpoints/checkpoint.ts';
import {
  asCheckpointDocument,
  type CheckpointDocument,
  checkpointKey,
  documentFor,
  numbersOf,
  updateCheckpoints,
} from '../generations/checkpoint-document.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import type { Followed } from '../generations/read-checkpoints.ts';
import type { Stores } from '../generations/stores.ts';
import type { StateStore, Upsert } from '../state-store.ts';
import { retryOnConflict } from '../state-store.ts';
import { joinMarks, type PlacePair, splitMarks } from './dead-letter-marks.ts';
import { withDeadLetters } from './open-dead-letters.ts';

/** A dead letter of one partition, and the key of the document that it concerns, if any. */
export type DeadLetterPlace = { readonly partition: number; readonly offset: number; readonly key: string | undefined };

/**
 * Takes the marks of dead letters from their documents, in every generation that is kept up to date. The position documents
 * remember it, so neither a redelivery nor a rebuild marks them again.
 */
export const discardDeadLetters = async (
  projection: Followed,
  stores: Stores,
  letters: readonly DeadLetterPlace[],
): Promise<void> => {
  for (const [partition, own] of groupBy(letters, (letter) => letter.partition)) {
    const discard = (store: string | undefined) =>
      retryOnConflict(() => discardIn(projection, stores(store), partition, own));
    const { also = [] } = await discard(undefined);
    for (const store of also) await discard(store);
  }
};

const discardIn = async (
  { name, topic }: Followed,
  store: StateStore,
  partition: number,
  letters: readonly DeadLetterPlace[],
): Promise<CheckpointDocument> => {
  const key = checkpointKey(name, topic.name, partition);
  const position = (await store.getMany([key])).get(key);
  const document = asCheckpointDocument(position?.value) ?? documentFor(await readPointer(store, name));
  const keys = [...new Set(letters.flatMap((letter) => letter.key ?? []))];
  const numbers = numbersOf(document);
  const held = await store.getMany(numbers.flatMap((number) => keys.map((of) => documentKey(number, of))));
  const isLeft = ([of, offset]: PlacePair) => of !== partition || !letters.some((letter) => letter.offset === offset);

  const upserts: Upsert[] = [];
  const freed = updateCheckpoints(document, (one, number) => {
    const left = new Map<string, readonly PlacePair[]>();
    for (const of of keys) {
      const at = documentKey(number, of);
      const stored = splitMarks(held.get(at)?.value);
      const marks = stored.marks.filter(isLeft);
      if (marks.length < stored.marks.length)
        upserts.push({ key: at, value: joinMarks({ ...stored, marks }), etag: held.get(at)?.etag });
      left.set(of, marks);
    }
    return withDeadLetters(one, partition, left);
  });
  const offsets = letters.map(({ offset }) => [offset, offset] as const);
  const after = { ...freed, discarded: union([...(document.discarded ?? []), ...offsets]) };
  await store.transact([...upserts, { key, value: after, etag: position?.etag }]);
  return after;
};
