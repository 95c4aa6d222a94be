import { describe, expect, it } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import type { StoredValue } from '../../projections/state-store.ts';
import { coalesceReads } from './coalesce-reads.ts';

/** A store that captures its values when it is read, and answers when the test says so. */
const slowStore = () => {
  const held = new Map<string, StoredValue>();
  const calls: { keys: readonly string[]; answer(): void; fail(error: Error): void }[] = [];
  const read = coalesceReads(
    (keys) =>
      new Promise((resolve, reject) => {
        const seen = new Map(keys.flatMap((key) => (held.has(key) ? [[key, held.get(key) as StoredValue]] : [])));
        calls.push({ keys, answer: () => resolve(seen), fail: reject });
      }),
  );
  const answerAll = async () => {
    for (let next = calls.shift(); next; next = calls.shift()) {
      next.answer();
      await new Promise(setImmediate);
    }
  };
  return { held, calls, read, answerAll };
};
const stored = (value: unknown): StoredValue => ({ value, etag: '1' });

describe('concurrent reads', () => {
  it('of one turn of the event loop are one call, and each gets its own keys', async () => {
    const { held, calls, read, answerAll } = slowStore();
    for (const key of ['A', 'B', 'C']) held.set(key, stored(key));
    const answers = Promise.all([read(['A']), read(['B']), read(['C', 'absent']), read(['A', 'B'])]);
    expect(calls).toEqual([]);
    await new Promise(setImmediate);
    expect(calls.map(({ keys }) => keys)).toEqual([['A', 'B', 'C', 'absent']]);
    await answerAll();
    const values = (await answers).map((answer) => [...answer].map(([key, { value }]) => [key, value]));
    expect(values).toEqual([
      [['A', 'A']],
      [['B', 'B']],
      [['C', 'C']],
      [
        ['A', 'A'],
        ['B', 'B'],
      ],
    ]);
  });

  it('wait while two calls are in flight, and share the next one', async () => {
    const { calls, read, answerAll } = slowStore();
    const answers: Promise<unknown>[] = [];
    for (const key of ['A', 'B', 'C', 'D']) {
      answers.push(read([key]));
      await new Promise(setImmediate);
    }
    expect(calls.map(({ keys }) => keys)).toEqual([['A'], ['B']]);
    calls.shift()?.answer();
    await eventually(() => expect(calls.map(({ keys }) => keys)).toEqual([['B'], ['C', 'D']]));
    await answerAll();
    await Promise.all(answers);
  });

  it('see every write that finished before them', async () => {
    const { held, read, answerAll } = slowStore();
    const before = read(['A']);
    await new Promise(setImmediate);
    held.set('A', stored('written'));
    const after = read(['A']);
    await new Promise(setImmediate);
    await answerAll();
    expect((await before).size).toBe(0);
    expect((await after).get('A')).toEqual(stored('written'));
  });

  it('fail together, and later reads succeed', async () => {
    const { calls, read, answerAll } = slowStore();
    const together = [read(['A']), read(['B'])].map((one) => expect(one).rejects.toThrow('unavailable'));
    await new Promise(setImmediate);
    calls.shift()?.fail(new Error('unavailable'));
    await Promise.all(together);
    const later = read(['C']);
    await new Promise(setImmediate);
    await answerAll();
    expect((await later).size).toBe(0);
  });

  it('do not wait for a large read, and are not coalesced beyond the key limit', async () => {
    const { calls, read, answerAll } = slowStore();
    const keys = (many: number, name: string) => Array.from({ length: many }, (_, n) => `${name}${n}`);
    const all = [read(keys(101, 'a')), read(keys(60, 'd')), read(keys(60, 'e')), read(keys(60, 'f'))];
    expect(calls.map((call) => call.keys.length)).toEqual([101]);
    await new Promise(setImmediate);
    expect(calls.map((call) => call.keys.length)).toEqual([101, 60, 60]);
    calls.splice(1, 1).forEach((call) => void call.answer());
    await eventually(() => expect(calls.map((call) => call.keys.length)).toEqual([101, 60, 60]));
    await answerAll();
    await Promise.all(all);
  });
});
