import { describe, expect, it } from 'vitest';
import type { CheckpointDocument } from './checkpoint-document.ts';
import { withGeneration, withoutGenerations, withStore } from './registration.ts';

const at = (applied: number) => ({ applied, missing: [] });
const held: CheckpointDocument = { generations: { 1: at(9), 3: at(9) }, also: ['other'], mark: 'of a writer' };
const none = { applied: 4, only: undefined, discarded: [] };

describe('registering a generation in a checkpoint document', () => {
  it.each<[string, CheckpointDocument, Parameters<typeof withGeneration>[2], CheckpointDocument]>([
    ['adds it to the others', held, none, { generations: { 1: at(9), 2: at(4), 3: at(9) }, also: ['other'] }],
    [
      'a second time keeps its checkpoint',
      { generations: { 1: at(9), 2: at(7) } },
      none,
      { generations: { 1: at(9), 2: at(7) } },
    ],
    [
      'in place of all others keeps those with a higher number, and removes secondary stores',
      held,
      { ...none, only: [] },
      { generations: { 2: at(4), 3: at(9) } },
    ],
    [
      'in place of all others but one keeps that one',
      held,
      { ...none, only: [1] },
      { generations: { 1: at(9), 2: at(4), 3: at(9) } },
    ],
    [
      'merges the discarded offsets of both stores',
      { generations: {}, discarded: [[1, 2]] },
      { ...none, discarded: [[3, 5]] },
      { generations: { 2: at(4) }, discarded: [[1, 5]] },
    ],
  ])('%s', (_, document, registered, expected) => expect(withGeneration(document, 2, registered)).toEqual(expected));
});

it('a secondary store is added once, and the write id of the last writer is removed', () => {
  expect(withStore(held, 'third')).toEqual({ generations: held.generations, also: ['other', 'third'] });
  expect(withStore(held, 'other')).toEqual({ generations: held.generations, also: ['other'] });
});

describe('unregistering generations from a checkpoint document', () => {
  const there = { number: 2, store: 'other' };
  it.each<[string, Parameters<typeof withoutGenerations>, CheckpointDocument]>([
    [
      'removes those of the primary store',
      [held, undefined, [{ number: 1 }], []],
      { generations: { 3: at(9) }, also: ['other'] },
    ],
    ['removes the secondary store that held them', [held, undefined, [there], []], { generations: held.generations }],
    [
      'keeps a secondary store that holds another generation',
      [held, undefined, [there], [there, { number: 5, store: 'other' }]],
      { generations: held.generations, also: ['other'] },
    ],
    [
      'keeps a generation with the same number in another store',
      [{ generations: { 1: at(9), 2: at(9) } }, 'other', [there, { number: 1 }], []],
      { generations: { 1: at(9) } },
    ],
  ])('%s', (_, given, expected) => expect(withoutGenerations(...given)).toEqual(expected));
});
