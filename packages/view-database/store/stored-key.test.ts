import { expect, it } from 'vitest';
import { groupByTable } from './stored-key.ts';

const group = (...keys: string[]) =>
  groupByTable(
    keys,
    (key) => key,
    (name) => ['orders', 'customers'].includes(name),
  ).map(({ items, ...group }) => ({ ...group, keys: [...items.keys()] }));

it('separates documents by view and generation from the documents of the engine', () =>
  expect(
    group(
      'orders/1',
      'orders/g2:1',
      'customers/7',
      'orders/g2',
      'orders/position:orders:topic:0',
      'orders/generation:orders',
    ),
  ).toEqual([
    { view: 'orders', generation: 1, keys: ['1', 'g2'] },
    { view: 'orders', generation: 2, keys: ['1'] },
    { view: 'customers', generation: 1, keys: ['7'] },
    { view: undefined, generation: 0, keys: ['orders/position:orders:topic:0', 'orders/generation:orders'] },
  ]));

it.each(['1', 'others/1', '/1', 'orders/a:1', 'orders/g2:a:1', 'ordersx/1'])('refuses the key %s', (key) =>
  expect(() => group(key)).toThrow(/contains a colon|does not begin with the name of a view/));
