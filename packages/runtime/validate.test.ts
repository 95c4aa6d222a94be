import { expect, it } from 'vitest';
import { z } from 'zod';
import type { DomainError } from './domain-error.ts';
import { maxErrors, validate } from './validate.ts';

const catchRefusal = (schema: z.ZodType, value: unknown): DomainError => {
  try {
    validate(schema, value, 'invalid-body');
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('it was valid');
};

const bytesOf = ({ message, errors, facts }: DomainError) => JSON.stringify({ message, errors, facts }).length;

it('lists every invalid field up to the limit', () => {
  const error = catchRefusal(z.strictObject({ a: z.string('a text') }), { a: 1, b: 2 });
  expect(error.errors).toEqual([
    { field: 'a', expected: 'a text', got: 1 },
    { field: 'b', expected: 'no such field' },
  ]);
  expect(error.message).toBe('a: a text; b: no such field');
  expect(error.facts).toEqual({});
});

it('lists the first of thousands of invalid fields, and counts the others', () => {
  const unknown = Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`field${n}`, n]));
  const wrong = Array.from({ length: 5_000 }, () => 'x'.repeat(90));
  for (const error of [catchRefusal(z.strictObject({}), unknown), catchRefusal(z.array(z.number()), wrong)]) {
    expect(error.errors).toHaveLength(maxErrors);
    expect(error.facts).toEqual({ errorsNotListed: 5_000 - maxErrors });
    expect(error.message).toContain(`and ${5_000 - maxErrors} more`);
    expect(bytesOf(error)).toBeLessThan(10_000);
  }
});

it('shortens a long field name without splitting a character', () => {
  const error = catchRefusal(z.strictObject({}), { ['😀'.repeat(10_000)]: 1 });
  expect(error.errors).toEqual([{ field: `${'😀'.repeat(49)}…`, expected: 'no such field' }]);
  expect(bytesOf(error)).toBeLessThan(1_000);
});
