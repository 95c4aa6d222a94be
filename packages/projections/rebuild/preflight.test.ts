import { describe, expect, it } from 'vitest';
import { initialPointer, type Rebuild } from '../generations/pointer.ts';
import { type Facts, findRefusal, refusals } from './preflight.ts';

const rebuild: Rebuild = {
  ...{ into: { number: 2 }, inPlace: false, phase: 'replaying', holder: 'a process', leaseUntil: 0 },
  ...{ startedAt: 0, next: { 0: 5 }, ends: {}, setAside: 0 },
};
const fresh: Facts = {
  mode: { inPlace: false },
  into: undefined,
  pointer: initialPointer,
  ranges: [{ partition: 0, begin: 0, end: 9 }],
  primaryStore: 'statestore',
  topic: 'things-topic',
};
const unfinished: Facts = { ...fresh, pointer: { ...initialPointer, rebuild } };
const fromSnapshot: Facts = {
  ...fresh,
  mode: { inPlace: false, isFromSnapshot: true },
  pointer: { ...initialPointer, rebuild: { ...rebuild, snapshot: { isComplete: true } } },
};
const inPlace: Facts = { ...fresh, mode: { inPlace: true } };
const truncated = [{ partition: 0, begin: 6, end: 9 }];
const pointerOf = (facts: Facts, change: Partial<Facts['pointer']>): Facts => ({
  ...facts,
  pointer: { ...facts.pointer, ...change },
});
const rebuildOf = (facts: Facts, change: Partial<Rebuild>): Facts =>
  pointerOf(facts, { rebuild: { ...(facts.pointer.rebuild ?? rebuild), ...change } });
const shortLogRemedy = async () => 'Do something else.';
const previous = [{ number: 3 }];
const retired = [{ number: 4, store: 'other' }];

/** By row: the facts it refuses, and a part of its message. */
const refused: Record<keyof typeof refusals, readonly (readonly [Facts, string | RegExp])[]> = {
  'it was given up and is removed in part': [
    [
      rebuildOf(unfinished, { phase: 'abandoned' }),
      'Generation 2 in statestore was given up and is removed in part. Finish the removal: npm run rebuild -- --abandon',
    ],
  ],
  'another is unfinished': [
    [
      { ...unfinished, mode: { inPlace: true } },
      'A rebuild next to the live view is unfinished. Finish it: npm run rebuild. Or give it up: npm run rebuild -- --abandon.',
    ],
    [{ ...unfinished, into: 'other' }, 'A rebuild next to the live view is unfinished.'],
    [{ ...unfinished, mode: fromSnapshot.mode }, 'A rebuild next to the live view is unfinished.'],
    [
      { ...fromSnapshot, mode: fresh.mode },
      'A rebuild next to the live view (--from-crm) is unfinished. Finish it: npm run rebuild -- --from-crm. Or give it up',
    ],
    [
      rebuildOf(unfinished, { inPlace: true }),
      /^A rebuild in place is unfinished\. Finish it: npm run rebuild -- --in-place\. It cannot be given up.*first\.$/,
    ],
    [
      rebuildOf(unfinished, { into: { number: 2, store: 'other' } }),
      'A rebuild into other is unfinished. Finish it: npm run rebuild -- --into other. Or give it up',
    ],
  ],
  'the log does not reach back to its beginning': [
    [{ ...fresh, ranges: truncated }, /begins at offset 6: the log no longer reaches back .* from it alone\.$/],
    [{ ...fresh, ranges: truncated, mode: { ...fresh.mode, shortLogRemedy } }, /from it alone\. Do something else\.$/],
    [
      { ...unfinished, ranges: truncated, mode: { ...fresh.mode, shortLogRemedy } },
      /from it alone\. Give up the unfinished rebuild: npm run rebuild -- --abandon\. Do something else\.$/,
    ],
    [
      { ...rebuildOf(unfinished, { inPlace: true }), ranges: truncated, mode: { inPlace: true, shortLogRemedy } },
      /from it alone\. A rebuild in place cannot be given up: set STATESTORE_NAME to an empty store.* --from-crm\.$/,
    ],
  ],
  'the log lost records after the snapshot': [
    [{ ...fromSnapshot, ranges: truncated }, /now begins at offset 6, so the new view lacks records from offset 5 on/],
    [
      { ...fromSnapshot, ranges: [{ partition: 0, begin: 0, end: 4 }] },
      /ends at offset 4, so the topic was created again, so the new view lacks records from offset 5 on.*start again/,
    ],
    [
      {
        ...rebuildOf(fromSnapshot, { inPlace: true }),
        mode: { ...fromSnapshot.mode, inPlace: true },
        ranges: truncated,
      },
      /lacks records from offset 5 on\. A rebuild in place cannot be given up: set STATESTORE_NAME/,
    ],
  ],
  'an old generation is being removed from the store': [
    [
      { ...pointerOf(fresh, { retired }), into: 'other' },
      'Generation 4 in other is being removed. Wait for that, or finish it: npm run rebuild -- --retire',
    ],
  ],
  'in place excludes another store': [
    [{ ...inPlace, into: 'other' }, '--in-place rebuilds the view in its present store: leave --into out.'],
  ],
  'in place the active generation has to be in the primary store': [
    [
      pointerOf(inPlace, { answering: { number: 2, store: 'other' } }),
      'The active generation is Generation 2 in other, not in statestore: set STATESTORE_NAME=other.',
    ],
  ],
  'in place no older generation may exist': [
    [pointerOf(inPlace, { previous }), 'There still is Generation 3 in statestore. Retire old generations first'],
    [
      pointerOf(inPlace, { previous, retired }),
      'There still is Generation 3 in statestore and Generation 4 in other. Retire old generations first',
    ],
  ],
};

describe('a rebuild is refused when', () => {
  const rows = Object.entries(refused).flatMap(([row, cases]) =>
    cases.map(([facts, message]) => [row as keyof typeof refusals, facts, message] as const),
  );
  it.each(rows)('%s', async (row, facts, message) => {
    const refusal = await refusals[row](facts);
    expect(refusal).toMatch(message);
    expect(await findRefusal(facts)).toBe(refusal);
  });
});

describe('a rebuild is not refused when', () => {
  it.each<[string, Facts]>([
    ['nothing is unfinished', fresh],
    ['the unfinished rebuild has the same options', unfinished],
    ['the unfinished rebuild begins with a snapshot as well', fromSnapshot],
    ['the log is truncated, but it begins with a snapshot', { ...fresh, mode: fromSnapshot.mode, ranges: truncated }],
    [
      'the log lost records that were read already',
      { ...rebuildOf(fromSnapshot, { phase: 'filled' }), ranges: [{ partition: 0, begin: 8, end: 9 }] },
    ],
    ['the generation that is being removed is in another store', pointerOf(fresh, { retired })],
    ['older generations are kept and it is not in place', pointerOf(fresh, { previous })],
    ['it is in place and no older generation exists', inPlace],
    [
      'it continues a rebuild in place',
      rebuildOf(pointerOf(inPlace, { previous, retired: [{ number: 4 }] }), { inPlace: true }),
    ],
  ])('%s', async (_, facts) => expect(await findRefusal(facts)).toBeUndefined());
});
