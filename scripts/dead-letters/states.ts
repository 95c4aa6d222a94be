import { mandates } from '../../iot-platform/mandates/materialise.ts';
import { splitMarks } from '../../packages/projections/dead-letters/index.ts';
import {
  asPositionDocument,
  documentKey,
  isDiscarded,
  positionKey,
  readPointer,
} from '../../packages/projections/generations/index.ts';
import type { Ports } from '../open-ports.ts';
import { type DeadLetter, recordOf } from './read-dead-letters.ts';

/** `open`: its connection answers 503. `names none`: it concerns no connection, and is only counted. */
export type LetterState = 'open' | 'settled' | 'discarded' | 'names none';

/** The connection that a dead letter concerns, if any. */
export const connectionOf = (letter: DeadLetter): string | undefined => mandates.keyOfUnreadable?.(recordOf(letter));

/** What has become of each dead letter in the view that answers. */
export const statesOf = async (
  { stores }: Pick<Ports, 'stores'>,
  letters: readonly DeadLetter[],
): Promise<Map<string, LetterState>> => {
  const { name, topic } = mandates;
  const { answering } = await readPointer(stores(), name);
  const store = stores(answering.store);
  const partitions = [...new Set(letters.flatMap(({ data }) => data.partition ?? []))];
  const keys = [...new Set(letters.flatMap((letter) => connectionOf(letter) ?? []))];
  const keyOf = (partition: number) => positionKey(name, topic.name, partition);
  const held = await store.getMany([
    ...partitions.map(keyOf),
    ...keys.map((key) => documentKey(answering.number, key)),
  ]);
  const stateOf = (letter: DeadLetter): LetterState => {
    const { partition = -1, offset = -1 } = letter.data;
    const document = asPositionDocument(held.get(keyOf(partition))?.value);
    if (document && isDiscarded(document, offset)) return 'discarded';
    const key = connectionOf(letter);
    if (key === undefined) return 'names none';
    const { marks } = splitMarks(held.get(documentKey(answering.number, key))?.value);
    return marks.some((mark) => mark[0] === partition && mark[1] === offset) ? 'open' : 'settled';
  };
  return new Map(letters.map((letter) => [letter.id, stateOf(letter)]));
};
