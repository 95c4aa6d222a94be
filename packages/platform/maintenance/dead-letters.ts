import {
  type DeadLetter,
  discardDeadLetters,
  keyOfDeadLetter,
  readDeadLetterStates,
} from '../../projections/dead-letters/index.ts';
import type { Stores } from '../../projections/generations/index.ts';
import type { RegisteredView } from '../views.ts';

type View = Pick<RegisteredView, 'projection'>;

/** Leaves out settled and discarded dead letters. If the view does not answer, all stay, because replaying too many is harmless. */
export const filterOpen = async (
  { projection }: View,
  letters: readonly DeadLetter[],
  withStores: <T>(work: (stores: Stores) => Promise<T>) => Promise<T>,
): Promise<readonly DeadLetter[]> => {
  const states = await withStores((stores) => readDeadLetterStates(projection, stores, letters)).catch(() => undefined);
  const isOpen = ({ id }: DeadLetter) => !['settled', 'discarded'].includes(states?.get(id) ?? '');
  return letters.filter(isOpen);
};

/** Finds one that cannot be replayed, because its topic has personal data, and says so. */
export const findWithheld = (
  letters: readonly DeadLetter[],
): { readonly letter: DeadLetter; readonly detail: string } | undefined => {
  const letter = letters.find(({ data }) => data.withheld);
  return (
    letter && {
      letter,
      detail: `${letter.id} does not hold its record, because the topic has personal data. Nothing was replayed.`,
    }
  );
};

/** Discards those that have a place in the log, and returns their number and that of the others. */
export const discardLetters = async (
  { projection }: View,
  stores: Stores,
  letters: readonly DeadLetter[],
): Promise<{ discarded: number; withoutPlace: number }> => {
  const located = letters.flatMap((letter) => {
    const { partition, offset } = letter.data;
    const key = keyOfDeadLetter(projection, letter);
    return partition === undefined || offset === undefined ? [] : [{ partition, offset, key }];
  });
  await discardDeadLetters(projection, stores, located);
  return { discarded: located.length, withoutPlace: letters.length - located.length };
};
