import { expect, it } from 'vitest';
import { readOptions } from './options.ts';

it('measures all scenarios, but not five million events with --quick', () => {
  expect(readOptions([])).toMatchObject({ quick: false, seed: 1, whole: true });
  expect(readOptions([]).only).toContain('memory');
  expect(readOptions(['--quick']).only).not.toContain('memory');
});

it('measures the scenarios of --only, in the documented order', () =>
  expect(readOptions(['--only', 'query,redis-20k', '--seed', '7'])).toMatchObject({
    only: ['redis-20k', 'query'],
    seed: 7,
    whole: false,
  }));

it('compares with another version on request only', () => {
  expect(readOptions([])).not.toHaveProperty('compare');
  expect(readOptions(['--compare', 'HEAD~2', '--quick'])).toMatchObject({
    compare: 'HEAD~2',
    quick: true,
    whole: false,
  });
});

it.each([
  [['--compare', ''], '--compare needs a commit'],
  [['--compare=--quick'], '--compare needs a commit'],
  [['--only', 'everything'], 'no scenario everything'],
  [['--seed', 'x'], '--seed x'],
  [['--quick', '--only', 'memory'], 'memory takes too long for --quick'],
  [['--fast'], '--fast'],
])('refuses invalid options: %j', (args, why) => expect(() => readOptions(args)).toThrow(why));
