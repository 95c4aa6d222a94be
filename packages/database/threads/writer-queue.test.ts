import { expect, it } from 'vitest';
import { createWriterQueue } from './writer-queue.ts';

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
  await expect(queue.acquire(20)).rejects.toMatchObject({ code: 'database-busy' });
  queue.release();
  expect(await patient).toBeGreaterThanOrEqual(15);
  queue.release();
  expect(await queue.acquire(0)).toBe(0);
});

it('does not give up on a queue that moves, however long it is', async () => {
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

it('waits longer for a holder that makes progress, but not for ever', async () => {
  const queue = createWriterQueue();
  await queue.acquire(0);
  const began = performance.now();
  const statements = setInterval(queue.progress, 5);
  await expect(queue.acquire(100)).rejects.toMatchObject({ code: 'database-busy' });
  clearInterval(statements);
  expect(performance.now() - began).toBeGreaterThanOrEqual(390);
});
