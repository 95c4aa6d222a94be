import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createSeenKeys } from './seen-keys.ts';

it('finds the first line of each key and no other key, however many keys were expected', () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 400 }),
      fc.nat({ max: 300 }),
      (keys, expected) => {
        const seen = createSeenKeys(expected);
        const lineOf = new Map<number, number>();
        for (const [n, key] of keys.entries()) {
          seen.add(`key ${key}`, n + 1);
          if (!lineOf.has(key)) lineOf.set(key, n + 1);
        }
        for (let key = 0; key <= 401; key++) expect(seen.findLine(`key ${key}`)).toBe(lineOf.get(key));
      },
    ),
  ));

it('finds 100,000 keys that it grew for', () => {
  const seen = createSeenKeys(10);
  for (let line = 1; line <= 100_000; line++) seen.add(String(line * 7), line);
  for (let line = 1; line <= 100_000; line++) expect(seen.findLine(String(line * 7))).toBe(line);
  expect(seen.findLine('8')).toBeUndefined();
});
