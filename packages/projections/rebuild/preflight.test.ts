import { describe, expect, it } from 'vitest';
import { initialPointer, type Rebuild } from '../generations/pointer.ts';
import { type Facts, refusalOf, refusals } from './preflight.ts';

const rebuild: Rebuild = {
  ...{ into: { number: 2 }, inPlace: false, phase: 'replaying', holder: 'a process', leaseUntil: 0 },
  ...{ startedAt: 0, next: { 0: 5 }, ends: {}, setAside: 0 },
};
const fresh: Facts = {
  mode: { inPlace: false },
  into: undefined,
  pointer: initialPointer,
  ranges: [{ partition: 0, begin: 0, end: 9 }],
  home: 'statestore',
  topic: 'things-topic',
};
const unfinished: Facts = { ...fresh, pointer: { ...initialPointer, rebuild } };
const fromSnapshot: Facts = {
  ...fresh,
  mode: { inPlace: false, isFromSnapshot: true },
  pointer: { ...initialPointer, rebuild: { ...rebuild, snapshot: { isComplete: true } } },
};
const inPlace: Facts = { ...fresh, mode: { inPlace: true } };
const cutOff = [{ partition: 0, begin: 6, end: 9 }];
const pointerOf = (facts: Facts, change: Partial<Facts['pointer']>): Facts => ({
  ...facts,
  pointer: { ...facts.pointer, ...change },
});
const rebuildOf = (facts: Facts, change: Partial<Rebuild>): Facts =>
  pointerOf(facts, { rebuild: { ...(facts.pointer.rebuild ?? rebuild), ...change } });
const shortLogRemedy = async () => 'Do something else.';
const previous = [{ number: 3 }];
const retired = [{ number: 4, store: 'other' }];

/** By row: what it refuses, with a part of what it says. */
const refused: Record<keyof typeof refusals, readonly (readonly [Facts, string | RegExp])[]> = {
  'it is given up, and removed in part': [
    [
      rebuildOf(unfinished, { phase: 'abandoned' }),
      'Generation 2 in statestore is given up, and removed in part. Finish that: npm run rebuild -- --abandon',
    ],
  ],
  'another is unfinished': [
    [{ ...unfinished, mode: { inPlace: true } }, 'A rebuild beside the live view is unfinished.'],
    [{ ...unfinished, into: 'other' }, 'A rebuild beside the live view is unfinished.'],
    [{ ...unfinished, mode: fromSnapshot.mode }, 'A rebuild beside the live view is unfinished.'],
    [{ ...fromSnapshot, mode: fresh.mode }, 'A rebuild beside the live view (--from-crm) is unfinished.'],
    [rebuildOf(unfinished, { inPlace: true }), 'A rebuild in place is unfinished.'],
    [rebuildOf(unfinished, { into: { number: 2, store: 'other' } }), 'A rebuild into other is unfinished.'],
  ],
  'the log does not reach back to its beginning': [
    [{ ...fresh, ranges: cutOff }, /begins at offset 6: the log no longer reaches back .* from it alone\.$/],
    [{ ...fresh, ranges: cutOff, mode: { ...fresh.mode, shortLogRemedy } }, /from it alone\. Do something else\.$/],
    [
      { ...unfinished, ranges: cutOff, mode: { ...fresh.mode, shortLogRemedy } },
      /from it alone\. Give up what is unfinished: npm run rebuild -- --abandon\. Do something else\.$/,
    ],
    [
      { ...rebuildOf(unfinished, { inPlace: true }), ranges: cutOff, mode: { inPlace: true, shortLogRemedy } },
      /from it alone\.$/,
    ],
  ],
  'the log lost records behind the snapshot': [
    [{ ...fromSnapshot, ranges: cutOff }, /begins at offset 6 by now, and what came from offset 5 on is not in/],
    [
      { ...fromSnapshot, ranges: [{ partition: 0, begin: 0, end: 4 }] },
      /ends at offset 4, so it was recreated, and what came from offset 5 on is not in the new view.*begin anew/,
    ],
  ],
  'what was there is being removed': [
    [
      { ...pointerOf(fresh, { retired }), into: 'other' },
      'Generation 4 in other is being removed. Wait for that, or finish it: npm run rebuild -- --retire',
    ],
  ],
  'in place goes into no other store': [
    [{ ...inPlace, into: 'other' }, 'In place is where the view is now: without --into.'],
  ],
  'in place the home has to answer': [
    [
      pointerOf(inPlace, { answering: { number: 2, store: 'other' } }),
      'What answers is Generation 2 in other, not in statestore: set STATESTORE_NAME=other.',
    ],
  ],
  'in place nothing older is kept': [
    [pointerOf(inPlace, { previous }), 'There is still Generation 3 in statestore. Retire what is old first'],
    [
      pointerOf(inPlace, { previous, retired }),
      'There is still Generation 3 in statestore and Generation 4 in other. Retire what is old first',
    ],
  ],
};

describe('a rebuild is refused when', () => {
  const rows = Object.entries(refused).flatMap(([row, cases]) =>
    cases.map(([facts, says]) => [row as keyof typeof refusals, facts, says] as const),
  );
  it.each(rows)('%s', async (row, facts, says) => {
    const refusal = await refusals[row](facts);
    expect(refusal).toMatch(says);
    expect(await refusalOf(facts)).toBe(refusal);
  });
});

describe('a rebuild is not refused when', () => {
  it.each<[string, Facts]>([
    ['nothing is unfinished', fresh],
    ['the one that is unfinished has the same options', unfinished],
    ['the one that is unfinished begins with a snapshot as well', fromSnapshot],
    ['the log is cut off, but a snapshot has what is gone', { ...fresh, mode: fromSnapshot.mode, ranges: cutOff }],
    [
      'the log lost records that were read before',
      { ...rebuildOf(fromSnapshot, { phase: 'filled' }), ranges: [{ partition: 0, begin: 8, end: 9 }] },
    ],
    ['what is being removed is in another store', pointerOf(fresh, { retired })],
    ['older generations are kept beside the live view', pointerOf(fresh, { previous })],
    ['it is in place, and nothing older is there', inPlace],
    [
      'it was begun in place before: the old view is gone',
      rebuildOf(pointerOf(inPlace, { previous, retired: [{ number: 4 }] }), { inPlace: true }),
    ],
  ])('%s', async (_, facts) => expect(await refusalOf(facts)).toBeUndefined());
});
