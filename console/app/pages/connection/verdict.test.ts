import { expect, it } from 'vitest';
import { decide } from './verdict.ts';

const mandate = {
  connectionId: '7733',
  connectionMandate: '1',
  revision: 5,
  changedAt: '2026-11-27T05:00:00Z',
} as const;
const explanation = { events: [], sides: [], agree: true, sentences: ['Log, CRM and view agree.'] };

it('repeats what the service explains', () => {
  const sides = { inCrm: { mandate }, inView: { mandate } };
  expect(decide({ ...sides, explanation })).toEqual({ kind: 'agree', sentences: explanation.sentences });
  const differing = { ...explanation, agree: false, sentences: ['The view misses events.'] };
  expect(decide({ ...sides, explanation: differing })).toEqual({ kind: 'differ', sentences: differing.sentences });
});

it('never calls agreement what it could not compare with the log', () => {
  const explanation = undefined;
  expect(decide({ inCrm: { mandate }, inView: { mandate }, explanation }).kind).toBe('unknown');
  expect(decide({ inCrm: {}, inView: {}, explanation }).kind).toBe('unknown');
  const error = new Error('does not answer');
  expect(decide({ inCrm: { mandate }, inView: { error }, explanation }).kind).toBe('unknown');
});

it('finds a difference without the log', () => {
  const older = { ...mandate, revision: 4 };
  const explanation = undefined;
  expect(decide({ inCrm: { mandate }, inView: { mandate: older }, explanation }).kind).toBe('differ');
  expect(decide({ inCrm: { mandate }, inView: {}, explanation }).kind).toBe('differ');
  const other = { ...mandate, connectionMandate: '2' } as const;
  expect(decide({ inCrm: { mandate }, inView: { mandate: other }, explanation }).kind).toBe('differ');
});
