import type { Checkpoint, OpenDeadLetter } from '../checkpoints/checkpoint.ts';
import type { Mark } from './dead-letter-marks.ts';

/** Enough to show them to an operator. A checkpoint is written with every batch, so it has to stay small. */
const maxOpenDeadLetters = 500;

/**
 * Updates the list of marked documents in a checkpoint. `marked` holds the open marks that each document of a batch has now,
 * so repeating the update changes nothing. Returns the same checkpoint when nothing changes.
 */
export const withDeadLetters = (
  checkpoint: Checkpoint,
  partition: number,
  marked: ReadonlyMap<string, readonly Mark[]>,
): Checkpoint => {
  const { deadLetters: before = [], ...rest } = checkpoint;
  const touched = [...marked].flatMap(([key, marks]) =>
    marks.filter(([markPartition]) => markPartition === partition).map(([, offset]): OpenDeadLetter => [offset, key]),
  );
  const after = [...before.filter(([, key]) => !marked.has(key)), ...touched].sort(compareOpenDeadLetters);
  if (
    after.length === before.length &&
    after.every((letter, i) => compareOpenDeadLetters(letter, before[i] as OpenDeadLetter) === 0)
  )
    return checkpoint;
  const isTruncated = after.length > maxOpenDeadLetters;
  return {
    ...rest,
    ...(after.length > 0 && { deadLetters: after.slice(0, maxOpenDeadLetters) }),
    ...(isTruncated && { moreDeadLetters: true }),
  };
};

const compareOpenDeadLetters = (a: OpenDeadLetter, b: OpenDeadLetter) =>
  a[0] - b[0] || (a[1] < b[1] ? -1 : Number(a[1] > b[1]));
