import { expect, it } from 'vitest';
import type { Status } from '../../status/show-status.ts';
import { assessViews, type ViewFacts } from './views.ts';

const view = { state: 'complete', generation: { number: 1 }, partitions: { 0: { applied: 7, missing: [] } } } as const;
const status: Status = { store: 'statestore', consumerGroup: 'g', view, sinceStart: {}, lag: 0 };
const facts: ViewFacts = { name: 'mandates', service: 'IoT platform', url: 'u', pid: 5, status, later: undefined };
const { lag: _, ...withoutLag } = status;
const moved = { ...view, partitions: { 0: { applied: 9, missing: [] } } };
const rebuild = {
  into: { number: 2 },
  inPlace: false,
  phase: 'replaying',
  holder: 'h',
  leaseUntil: 1,
  startedAt: 1,
  next: {},
  ends: {},
  setAside: 0,
} as const;

it.each<[string, Partial<ViewFacts>, string, RegExp]>([
  ['complete', {}, 'ok', /complete, generation 1 in statestore, without lag/],
  ['without offsets', { status: withoutLag }, 'skipped', /because the broker reports no offsets/],
  ['no answer', { status: undefined }, 'problem', /does not answer/],
  [
    'unknown',
    { status: { ...status, view: { state: 'unknown', reason: 'no store' } } },
    'problem',
    /unknown: no store/,
  ],
  [
    'incomplete',
    { status: { ...status, view: { ...view, state: 'incomplete', warning: 'events are missing' } } },
    'problem',
    /incomplete: events are missing/,
  ],
  [
    'being rebuilt',
    { status: { ...status, view: { ...view, state: 'rebuilding', warning: 'w', rebuild } } },
    'warning',
    /being rebuilt \(replaying\)/,
  ],
  ['a dead letter', { status: { ...status, view: { ...view, deadLetters: 1 } } }, 'problem', /refuses 1 document,/],
  ['a lag that is gone', { status: { ...status, lag: 3 }, later: status }, 'ok', /is complete/],
  [
    'a lag that shrinks',
    { status: { ...status, lag: 3 }, later: { ...status, lag: 1, view: moved } },
    'warning',
    /lags by 1 offset, and is catching up/,
  ],
  [
    'a lag that stays',
    { status: { ...status, lag: 3 }, later: { ...status, lag: 3 } },
    'problem',
    /has applied nothing/,
  ],
])('views: %s', (_, change, expected, message) => {
  expect(assessViews([{ ...facts, ...change }])).toMatchObject([
    { status: expected, message: expect.stringMatching(message) },
  ]);
});

it('views: every finding that is not ok has a remedy, and without a view the check is skipped', () => {
  const [finding] = assessViews([{ ...facts, status: { ...status, lag: 3 }, later: { ...status, lag: 3 } }]);
  expect(finding?.remedy).toContain('npm run status -- --view mandates');
  expect(assessViews([])).toMatchObject([{ status: 'skipped' }]);
});
