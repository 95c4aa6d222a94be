import type { Projection } from '../declaration.ts';
import { asCheckpointDocument, checkpointKey, isDiscarded } from '../generations/checkpoint-document.ts';
import { documentKey } from '../generations/generation.ts';
import { readPointer } from '../generations/pointer.ts';
import type { Stores } from '../generations/stores.ts';
import { includesPlace, listOpenMarks, splitMarks } from './dead-letter-marks.ts';
import { type DeadLetter, recordOf } from './read-dead-letters.ts';

type Reader = Pick<Projection<unknown, unknown>, 'name' | 'topic' | 'keyOfUnreadable'>;

/**
 * `open`: reads of its document are refused with 503. `settled`: a later change or a replay superseded it. `discarded`:
 * an operator discarded it. `names none`: it concerns no document, and is only counted.
 */
export type DeadLetterState = 'open' | 'settled' | 'discarded' | 'names none';

/** The key of the document that a dead letter concerns; undefined where it names none. */
export const keyOfDeadLetter = ({ keyOfUnreadable }: Pick<Reader, 'keyOfUnreadable'>, letter: DeadLetter) =>
  keyOfUnreadable?.(recordOf(letter));

/** Reads the state of each dead letter in the active generation, by the id of the dead letter. */
export const readDeadLetterStates = async (
  projection: Reader,
  stores: Stores,
  letters: readonly DeadLetter[],
): Promise<Map<string, DeadLetterState>> => {
  const { name, topic } = projection;
  const { answering } = await readPointer(stores(), name);
  const store = stores(answering.store);
  const partitions = [...new Set(letters.flatMap(({ data }) => data.partition ?? []))];
  const keys = [...new Set(letters.flatMap((letter) => keyOfDeadLetter(projection, letter) ?? []))];
  const keyOf = (partition: number) => checkpointKey(name, topic.name, partition);
  const held = await store.getMany([
    ...partitions.map(keyOf),
    ...keys.map((key) => documentKey(answering.number, key)),
  ]);
  const stateOf = (letter: DeadLetter): DeadLetterState => {
    const { partition = -1, offset = -1 } = letter.data;
    const document = asCheckpointDocument(held.get(keyOf(partition))?.value);
    if (document && isDiscarded(document, offset)) return 'discarded';
    const key = keyOfDeadLetter(projection, letter);
    if (key === undefined) return 'names none';
    const open = listOpenMarks(splitMarks(held.get(documentKey(answering.number, key))?.value));
    return includesPlace(open, [partition, offset]) ? 'open' : 'settled';
  };
  return new Map(letters.map((letter) => [letter.id, stateOf(letter)]));
};
