import { setImmediate as nextTurn } from 'node:timers/promises';

const usualTurnMs = 2;

/** Call and await the result between pieces of work: after each `turnMs` the event loop has its turn. */
export const takeTurns = (turnMs = usualTurnMs): (() => Promise<void>) => {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < turnMs) return;
    await nextTurn();
    began = performance.now();
  };
};

/** As `filter` of an array, with turns of the event loop in between. */
export const filterInTurns = async <T>(items: readonly T[], isWanted: (item: T) => boolean): Promise<T[]> => {
  const turn = takeTurns();
  const wanted: T[] = [];
  for (const item of items) {
    if (isWanted(item)) wanted.push(item);
    await turn();
  }
  return wanted;
};

let lastTurn: Promise<void> = Promise.resolve();

/**
 * Await it before each piece of a large answer: in one turn of the event loop one piece is made, however many clients ask. A
 * request that needs ten turns would else wait for ten pieces of each of them.
 */
export const nextLargeAnswerTurn = (): Promise<void> => {
  lastTurn = lastTurn.then(() => nextTurn());
  return lastTurn;
};
