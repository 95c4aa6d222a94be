import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createWriterQueue } from './writer-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Follows whether a promise has an outcome yet. */
const watch = (promise: Promise<unknown>) => {
  let outcome: unknown;
  promise.then(
    (value) => {
      outcome = value;
    },
    (error: { code: string }) => {
      outcome = error.code;
    },
  );
  return () => outcome;
};

it('lets one hold it at a time, in the order in which they came', async () => {
  const queue = createWriterQueue();
  const order: number[] = [];
  let holders = 0;
  await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      await queue.acquire(10_000);
      expect(++holders).toBe(1);
      order.push(n);
      await Promise.resolve();
      holders--;
      queue.release();
    }),
  );
  expect(order).toEqual([...order].sort((a, b) => a - b));
});

it('gives up on a holder that takes longer than it has patience, and leaves the queue to the others', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  const patient = queue.acquire(10_000);
  const hasty = watch(queue.acquire(20));
  await vi.advanceTimersByTimeAsync(19);
  expect(hasty()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2);
  expect(hasty()).toBe('database-busy');
  queue.release();
  expect(await patient).toBe(21);
  queue.release();
  expect(await queue.acquire(0)).toBe(0);
});

it('does not give up on a queue that moves, however long it is', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  const waiting = Array.from({ length: 30 }, async () => {
    await queue.acquire(1_000);
    setTimeout(queue.release, 50);
  });
  queue.release();
  await vi.advanceTimersByTimeAsync(2_000);
  await Promise.all(waiting);
});

it('waits longer for a holder that makes progress, but not for ever', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  setInterval(queue.progress, 5);
  const outcome = watch(queue.acquire(100));
  await vi.advanceTimersByTimeAsync(399);
  expect(outcome()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(10);
  expect(outcome()).toBe('database-busy');
});
