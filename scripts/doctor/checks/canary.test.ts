import { expect, it } from 'vitest';
import { assessCanary, type CanaryFacts } from './canary.ts';

const url = 'http://localhost:3005';

it.each<[CanaryFacts, string, RegExp]>([
  [{ stop: 'not-posted', someRuns: false }, 'skipped', /no CRM answers/],
  [{ stop: 'accepted', reason: 'status 503', url }, 'problem', /not accepted by the CRM: status 503/],
  [{ stop: 'published', waiting: 2, waitedMs: 3_000, url }, 'problem', /not published within 3000 ms: 2 events wait/],
  [{ stop: 'published', waiting: undefined, waitedMs: 3_000, url }, 'problem', /its outbox is unknown/],
  [{ stop: 'view', reason: 'status 503', waitedMs: 3_000 }, 'problem', /not shown .* 3000 ms: status 503/],
  [
    { stop: 'no-view', reason: 'it does not run', startCommand: 'npm start' },
    'problem',
    /published, but it cannot be seen, because the customer-view does not answer: it does not run/,
  ],
  [{ stop: 'hidden', behindMs: 60_000 }, 'warning', /60 s newer: the clock of the CRM has gone back/],
  [{ stop: 'none', acceptedMs: 3, latencyMs: 9 }, 'ok', /accepted in 3 ms and shown by the customer-view after 9 ms/],
])('a canary that stops at %j is %s', (facts, status, message) => {
  expect(assessCanary(facts)).toMatchObject([{ status, message: expect.stringMatching(message) }]);
});

it('a canary that was not posted although a service runs is a check that could not be made', () =>
  expect(assessCanary({ stop: 'not-posted', someRuns: true })[0]?.remedy).toBe('npm start'));
