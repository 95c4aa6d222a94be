import { expect, it } from 'vitest';
import { readAhead } from './read-ahead.ts';

it('prepares one item ahead, and not more', async () => {
  let prepared = 0;
  async function* source() {
    for (const item of [1, 2, 3]) {
      prepared = item;
      yield item;
    }
  }
  const seen: number[][] = [];
  for await (const item of readAhead(source())) seen.push([item, prepared]);
  expect(seen).toEqual([
    [1, 2],
    [2, 3],
    [3, 3],
  ]);
});

it('rethrows the error of its source after the items before it', async () => {
  async function* source() {
    yield 1;
    throw new Error('broken');
  }
  const items = readAhead(source());
  expect(await items.next()).toEqual({ done: false, value: 1 });
  await expect(items.next()).rejects.toThrow('broken');
});

it('closes its source when the consumer stops early', async () => {
  let isEnded = false;
  async function* source() {
    try {
      yield 1;
      yield 2;
    } finally {
      isEnded = true;
    }
  }
  for await (const _ of readAhead(source())) break;
  expect(isEnded).toBe(true);
});
