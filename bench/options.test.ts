import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

it('measures everything, but no five million events in a hurry', () => {
  expect(readOptions([])).toMatchObject({ quick: false, seed: 1, whole: true });
  expect(readOptions([]).only).toContain('memory');
  expect(readOptions(['--quick']).only).not.toContain('memory');
});

it('measures what it is told to, in its own order', () =>
  expect(readOptions(['--only', 'query,redis-20k', '--seed', '7'])).toMatchObject({
    only: ['redis-20k', 'query'],
    seed: 7,
    whole: false,
  }));

it.each([
  [['--only', 'everything'], 'no scenario everything'],
  [['--seed', 'x'], '--seed x'],
  [['--quick', '--only', 'memory'], 'memory takes more time'],
  [['--fast'], '--fast'],
])('says what it does not understand: %j', (args, why) => expect(() => readOptions(args)).toThrow(why));
