import { expect, it } from 'vitest';
import { createKeySet } from './key-set.ts';

it('a set of keys has those that were added, and no others', () => {
  const set = createKeySet();
  for (let n = 0; n < 100_000; n += 2) set.add(String(n));
  for (let n = 0; n < 100_000; n++) if (set.has(String(n)) !== (n % 2 === 0)) expect.unreachable(`${n} is wrong`);
  set.add('late');
  expect([set.has('late'), set.has('0'), set.has(''), createKeySet().has('0')]).toEqual([true, true, false, false]);
});
