import { describe, expect, it } from 'vitest';
import type { CheckpointDocument } from './checkpoint-document.ts';
import { withGeneration, withoutGenerations, withStore } from './registration.ts';

const at = (applied: number) => ({ applied, missing: [] });
const held: CheckpointDocument = { generations: { 1: at(9), 3: at(9) }, also: ['other'], mark: 'of a writer' };
const none = { applied: 4, only: undefined, discarded: [] };

describe('a document with a generation that is registered', () => {
  it.each<[string, CheckpointDocument, Parameters<typeof withGeneration>[2], CheckpointDocument]>([
    ['beside the others', held, none, { generations: { 1: at(9), 2: at(4), 3: at(9) }, also: ['other'] }],
    [
      'a second time: its position stays',
      { generations: { 1: at(9), 2: at(7) } },
      none,
      { generations: { 1: at(9), 2: at(7) } },
    ],
    [
      'in the place of others: those with a higher number stay, and no other store is written',
      held,
      { ...none, only: [] },
      { generations: { 2: at(4), 3: at(9) } },
    ],
    ['in the place of others but one', held, { ...none, only: [1] }, { generations: { 1: at(9), 2: at(4), 3: at(9) } }],
    [
      'with what was discarded there and at home',
      { generations: {}, discarded: [[1, 2]] },
      { ...none, discarded: [[3, 5]] },
      { generations: { 2: at(4) }, discarded: [[1, 5]] },
    ],
  ])('%s', (_, document, registered, expected) => expect(withGeneration(document, 2, registered)).toEqual(expected));
});

it('a document of the home names another store once, and is no longer a write of the writer before', () => {
  expect(withStore(held, 'third')).toEqual({ generations: held.generations, also: ['other', 'third'] });
  expect(withStore(held, 'other')).toEqual({ generations: held.generations, also: ['other'] });
});

describe('a document without generations that are gone', () => {
  const there = { number: 2, store: 'other' };
  it.each<[string, Parameters<typeof withoutGenerations>, CheckpointDocument]>([
    ['at home', [held, undefined, [{ number: 1 }], []], { generations: { 3: at(9) }, also: ['other'] }],
    ['in another store: the home keeps its own', [held, undefined, [there], []], { generations: held.generations }],
    [
      'in another store that holds one that is kept',
      [held, undefined, [there], [there, { number: 5, store: 'other' }]],
      { generations: held.generations, also: ['other'] },
    ],
    [
      'in that store: the same number elsewhere is another generation',
      [{ generations: { 1: at(9), 2: at(9) } }, 'other', [there, { number: 1 }], []],
      { generations: { 1: at(9) } },
    ],
  ])('%s', (_, given, expected) => expect(withoutGenerations(...given)).toEqual(expected));
});
