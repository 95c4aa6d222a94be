import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';

const defaultTurnMs = 2;

/**
 * Creates a function to call between pieces of work, whose result has to be awaited unless it is undefined. It yields to the event loop if
 * `turnMs` (default 2) have passed since the last time.
 */
export const createYielder = (turnMs = defaultTurnMs): (() => Promise<void> | undefined) => {
  let began = performance.now();
  const yieldNow = async () => {
    await nextTurn();
    began = performance.now();
  };
  return () => (performance.now() - began < turnMs ? undefined : yieldNow());
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
