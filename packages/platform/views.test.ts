import { expect, it } from 'vitest';
import { things } from '../../tests/things.ts';
import { checkViews, registerView, topicsOf } from './views.ts';

const view = (name: string, keyPrefix?: string) =>
  registerView({
    projection: { ...things, name },
    toDisplayValue: (thing) => String(thing?.n),
    keyName: 'key',
    ...(keyPrefix !== undefined && { keyPrefix }),
  });

it('a view gets its name as key prefix unless it is registered with another prefix', () => {
  expect([view('one'), view('other'), view('old', '')].map(({ keyPrefix }) => keyPrefix)).toEqual([
    'one/',
    'other/',
    '',
  ]);
  expect(() => checkViews([view('one'), view('other'), view('old', '')])).not.toThrow();
});

it('a view has an option that selects it in commands, unless it is the default one', () => {
  expect(view('one').projection.viewOption).toBe('--view one');
  const defaultView = registerView({ projection: things, toDisplayValue: String, keyName: 'key', isDefault: true });
  expect(defaultView.projection.viewOption).toBeUndefined();
});

it('two views with the same name or prefix are refused', () => {
  expect(() => checkViews([view('one'), view('one', 'x/')])).toThrow('Two views are registered with one.');
  expect(() => checkViews([view('one', ''), view('other', '')])).toThrow(
    'Two views are registered with keyPrefix "" and "".',
  );
});

it.each([
  ['where one begins with the other', ['a/', 'a/b/']],
  ['that the engine uses for generations', ['', 'g2:']],
  ['that the engine uses for checkpoints', ['', 'position:x']],
])('prefixes %s are refused', (_, [first, second]) => {
  expect(() => checkViews([view('one', first), view('other', second)])).toThrow('keyPrefix');
});

it('a service needs each topic of its views and of their dead letters once', () => {
  expect(topicsOf([view('one'), view('other')])).toEqual([things.topic, things.deadLetters]);
});
