import type { Checkpoint, OpenDeadLetter } from '../checkpoints/checkpoint.ts';
import type { PlacePair } from './dead-letter-marks.ts';

/** Enough to name them to a person; a position is written with every batch, so it has to stay small. */
export const mostOpenDeadLetters = 500;

/**
 * Brings the list of marked documents up to date. It says what a batch made of each document that it touched, so doing it
 * again changes nothing. The very same position where the list is right already.
 */
export const withDeadLetters = (
  position: Checkpoint,
  partition: number,
  marked: ReadonlyMap<string, readonly PlacePair[]>,
): Checkpoint => {
  const { deadLetters: before = [], ...rest } = position;
  const touched = [...marked].flatMap(([key, marks]) =>
    marks.filter(([of]) => of === partition).map(([, offset]): OpenDeadLetter => [offset, key]),
  );
  const after = [...before.filter(([, key]) => !marked.has(key)), ...touched].sort(inOrder);
  if (after.length === before.length && after.every((letter, i) => inOrder(letter, before[i] as OpenDeadLetter) === 0))
    return position;
  const isCut = after.length > mostOpenDeadLetters;
  return {
    ...rest,
    ...(after.length > 0 && { deadLetters: after.slice(0, mostOpenDeadLetters) }),
    ...(isCut && { moreDeadLetters: true }),
  };
};

const inOrder = (a: OpenDeadLetter, b: OpenDeadLetter) => a[0] - b[0] || (a[1] < b[1] ? -1 : Number(a[1] > b[1]));
