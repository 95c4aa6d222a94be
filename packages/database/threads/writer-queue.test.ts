import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createWriterQueue } from './writer-queue.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Returns a function that reads the outcome of a promise; undefined while it is pending. */
const observe = (promise: Promise<unknown>) => {
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

it('has one holder at a time, in the order of the calls', async () => {
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

it('rejects a caller that waits longer than its timeout, and still serves the others', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  const waiting = queue.acquire(10_000);
  const timedOut = observe(queue.acquire(20));
  await vi.advanceTimersByTimeAsync(19);
  expect(timedOut()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(2);
  expect(timedOut()).toBe('database-busy');
  queue.release();
  expect(await waiting).toBe(21);
  queue.release();
  expect(await queue.acquire(0)).toBe(0);
});

it('gives a call with priority the next turn', async () => {
  const queue = createWriterQueue();
  const order: string[] = [];
  const wait = async (name: string, isFirst?: boolean) => {
    await queue.acquire(10_000, isFirst);
    order.push(name);
    queue.release();
  };
  await queue.acquire(0);
  const waiting = [wait('a'), wait('b'), wait('first', true)];
  queue.release();
  await vi.advanceTimersByTimeAsync(1_000);
  await Promise.all(waiting);
  expect(order).toEqual(['first', 'a', 'b']);
});

it('is wanted while a caller waits that does not come first', async () => {
  const queue = createWriterQueue();
  expect(queue.isWanted()).toBe(false);
  await queue.acquire(0);
  expect(queue.isWanted()).toBe(false);
  const first = queue.acquire(1_000, true);
  expect(queue.isWanted()).toBe(false);
  const waiting = queue.acquire(1_000);
  expect(queue.isWanted()).toBe(true);
  queue.release();
  await first;
  queue.release();
  await waiting;
  expect(queue.isWanted()).toBe(false);
});

it('does not time out in a long queue that makes progress', async () => {
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

it('waits longer for a holder that makes progress, but at most four times the timeout', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  setInterval(queue.progress, 5);
  const outcome = observe(queue.acquire(100));
  await vi.advanceTimersByTimeAsync(399);
  expect(outcome()).toBeUndefined();
  await vi.advanceTimersByTimeAsync(10);
  expect(outcome()).toBe('database-busy');
});
