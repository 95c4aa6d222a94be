import type { z } from 'zod';
import { DomainError, type FieldError } from './domain-error.ts';

/** @throws DomainError with the given code, naming each field and what was expected of it */
export const validate = <T>(schema: z.ZodType<T>, value: unknown, code: string): T => {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap(fieldErrors);
  const named = errors.map(({ field, expected }) => `${field}: ${expected}`).join('; ');
  throw new DomainError(code, named, { errors });
};

const fieldErrors = (issue: z.core.$ZodIssue): FieldError[] => {
  const at = (key?: PropertyKey) =>
    [...issue.path, ...(key === undefined ? [] : [key])].map(String).join('.') || 'body';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: at(key), expected: 'no such field' }));
  const expected = issue.input === undefined ? `required: ${issue.message}` : issue.message;
  return [{ field: at(), expected, ...(isShort(issue.input) && { got: issue.input }) }];
};

/** An answer repeats what was sent only where that helps: not a document, not a page of text. */
const isShort = (input: unknown) =>
  (typeof input === 'string' && input.length <= 100) || typeof input === 'number' || typeof input === 'boolean';
