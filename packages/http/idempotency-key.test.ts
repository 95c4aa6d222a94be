import { expect, it } from 'vitest';
import { idempotencyKey } from './idempotency-key.ts';

it('is the same with and without quotes', () => {
  expect(idempotencyKey.parse('"8e03978e-40d5"')).toBe('8e03978e-40d5');
  expect(idempotencyKey.parse('8e03978e-40d5')).toBe('8e03978e-40d5');
});

it('may be absent, have up to 255 characters, and have spaces in quotes', () => {
  expect(idempotencyKey.parse(undefined)).toBeUndefined();
  expect(idempotencyKey.parse('k'.repeat(255))).toHaveLength(255);
  expect(idempotencyKey.parse('"an order of May"')).toBe('an order of May');
});

it.each([
  '',
  '""',
  'two words',
  '"open',
  'a"b',
  '"a", "b"',
  'back\\slash',
  'é',
  'k'.repeat(256),
])('refuses %j', (text) =>
  expect(idempotencyKey.safeParse(text).error?.issues[0]?.message).toContain('1 to 255 printable ASCII characters'));
