import type { Request } from 'express';
import { expect, it } from 'vitest';
import { idempotencyKey } from './idempotency-key.ts';

const sent = (value: string | undefined) => idempotencyKey({ get: () => value } as unknown as Request);

it('is the same with and without quotes', () => {
  expect(sent('"8e03978e-40d5"')).toBe('8e03978e-40d5');
  expect(sent('8e03978e-40d5')).toBe('8e03978e-40d5');
});

it('may be absent, as long as 255 characters, and have spaces in quotes', () => {
  expect(sent(undefined)).toBeUndefined();
  expect(sent('k'.repeat(255))).toHaveLength(255);
  expect(sent('"an order of May"')).toBe('an order of May');
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
])('refuses %j', (value) => {
  expect(() => sent(value)).toThrow('1 to 255 printable ASCII characters');
});
