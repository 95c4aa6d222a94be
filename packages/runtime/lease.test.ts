import { describe, expect, it } from 'vitest';
import { createLeaseValue, createValueObserver } from './lease.ts';

const createObserver = (durationMs: number) => {
  let now = 5_000;
  const { isUnchanged } = createValueObserver(durationMs, () => now);
  const pass = (ms: number) => {
    now += ms;
  };
  return { isUnchanged, pass };
};

describe('an observed value', () => {
  it('is unchanged once it was read for the duration', () => {
    const { isUnchanged, pass } = createObserver(1_000);
    expect(isUnchanged('a')).toBe(false);
    for (let quarter = 1; quarter < 4; quarter++) {
      pass(250);
      expect(isUnchanged('a')).toBe(false);
    }
    pass(250);
    expect(isUnchanged('a')).toBe(true);
    expect(isUnchanged('a')).toBe(true);
  });

  it('starts again with each change', () => {
    const { isUnchanged, pass } = createObserver(1_000);
    for (const value of ['a', 'b', 'c', 'a']) {
      pass(400);
      expect(isUnchanged(value)).toBe(false);
      pass(400);
      expect(isUnchanged(value)).toBe(false);
    }
    pass(200);
    expect(isUnchanged('a')).toBe(false);
    pass(400);
    expect(isUnchanged('a')).toBe(true);
  });

  it('that is absent is never unchanged, and starts again when it is back', () => {
    const { isUnchanged, pass } = createObserver(1_000);
    for (let n = 0; n < 5; n++) {
      pass(500);
      expect(isUnchanged(undefined)).toBe(false);
    }
    expect(isUnchanged('a')).toBe(false);
    pass(500);
    expect(isUnchanged(undefined)).toBe(false);
    pass(500);
    expect(isUnchanged('a')).toBe(false);
  });

  it('is not unchanged after a long time without a read', () => {
    const { isUnchanged, pass } = createObserver(1_000);
    expect(isUnchanged('a')).toBe(false);
    pass(86_400_000);
    expect(isUnchanged('a')).toBe(false);
    pass(499);
    expect(isUnchanged('a')).toBe(false);
    pass(1);
    expect(isUnchanged('a')).toBe(true);
  });

  it('is unchanged at once if the duration is 0', () => expect(createObserver(0).isUnchanged('a')).toBe(true));
});

it('a lease value differs with each renewal, and is in the past for a release that compares it with a clock', () => {
  const values = Array.from({ length: 1_000 }, createLeaseValue);
  expect(new Set(values).size).toBeGreaterThan(995);
  for (const value of values) {
    expect(value).toBeGreaterThan(0);
    expect(value).toBeLessThan(Date.UTC(2020));
  }
});
