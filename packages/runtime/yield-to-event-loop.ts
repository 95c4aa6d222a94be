import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

const defaultTurnMs = 2;

/** Call and await the result between pieces of work: after each `turnMs` the event loop has its turn. */
export const createYielder = (turnMs = defaultTurnMs): (() => Promise<void>) => {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < turnMs) return;
    await nextTurn();
    began = performance.now();
  };
};

/** As `filter` of an array, with turns of the event loop in between. */
export const filterYielding = async <T>(items: readonly T[], isWanted: (item: T) => boolean): Promise<T[]> => {
  const turn = createYielder();
  const kept: T[] = [];
  for (const item of items) {
    if (isWanted(item)) kept.push(item);
    await turn();
  }
  return kept;
};

const pauseMs = 1;
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Await it before each piece of a large answer. Pieces are made one by one, however many clients ask, with a millisecond for
 * other requests in between: a transaction makes ten trips to its database and would else wait for a piece on each of them.
 */
export const waitForLargeResponseTurn = async (): Promise<void> => {
  lastTurn = lastTurn.then(() => delay(pauseMs));
  await lastTurn;
};
