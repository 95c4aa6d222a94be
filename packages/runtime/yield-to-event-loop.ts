import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

const defaultTurnMs = 2;

/** Creates a function to await between pieces of work. It yields to the event loop if `turnMs` (default 2) have passed since the last time. */
export const createYielder = (turnMs = defaultTurnMs): (() => Promise<void>) => {
  let began = performance.now();
  return async () => {
    if (performance.now() - began < turnMs) return;
    await nextTurn();
    began = performance.now();
  };
};

/** Like `Array.filter`, but yields to the event loop in between. */
export const filterYielding = async <T>(items: readonly T[], isWanted: (item: T) => boolean): Promise<T[]> => {
  const yieldWhenDue = createYielder();
  const kept: T[] = [];
  for (const item of items) {
    if (isWanted(item)) kept.push(item);
    await yieldWhenDue();
  }
  return kept;
};

const pauseMs = 1;
let lastTurn: Promise<unknown> = Promise.resolve();

/**
 * Await it before each piece of a large response. All large responses together create one piece at a time, with a millisecond for other
 * requests in between. Otherwise a transaction with ten database calls would wait for a piece at each call.
 */
export const waitForLargeResponseTurn = async (): Promise<void> => {
  lastTurn = lastTurn.then(() => delay(pauseMs));
  await lastTurn;
};
