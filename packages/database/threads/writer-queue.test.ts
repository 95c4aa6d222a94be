import { expect, it } from 'vitest';
import { createWriterQueue } from './writer-queue.ts';

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
  await expect(queue.acquire(20)).rejects.toMatchObject({ code: 'database-busy' });
  queue.release();
  expect(await waiting).toBeGreaterThanOrEqual(15);
  queue.release();
  expect(await queue.acquire(0)).toBe(0);
});

it('does not time out in a long queue that makes progress', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  const waiting = Array.from({ length: 30 }, () =>
    queue.acquire(1_000).then(async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      queue.release();
    }),
  );
  queue.release();
  await Promise.all(waiting);
});

it('waits longer for a holder that makes progress, but at most four times the timeout', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  const began = performance.now();
  const statements = setInterval(queue.progress, 5);
  await expect(queue.acquire(100)).rejects.toMatchObject({ code: 'database-busy' });
  clearInterval(statements);
  expect(performance.now() - began).toBeGreaterThanOrEqual(390);
});
