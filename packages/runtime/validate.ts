import type { z } from 'zod';
import { DomainError, type FieldError } from './domain-error.ts';
import { shortenText } from './shorten-text.ts';

/** The number of invalid fields that a response lists; it counts the others, because a request may have thousands. */
export const maxErrors = 20;

const maxFieldLength = 100;
const maxExpectedLength = 300;

/** Returns the value as parsed by the schema. @throws DomainError with `code`, the first invalid fields and what was expected */
export const validate = <T>(schema: z.ZodType<T>, value: unknown, code: string): T => {
  const result = schema.safeParse(value, { reportInput: true });
  if (result.success) return result.data;
  const all = result.error.issues.flatMap(toFieldErrors);
  const errors = all.slice(0, maxErrors).map(limitLength);
  const summaries = errors.map(({ field, expected }) => `${field}: ${expected}`);
  const errorsNotListed = all.length - errors.length;
  if (errorsNotListed === 0) throw new DomainError(code, summaries.join('; '), { errors });
  const detail = [...summaries, `and ${errorsNotListed} more`].join('; ');
  throw new DomainError(code, detail, { errors, facts: { errorsNotListed } });
};

const toFieldErrors = (issue: z.core.$ZodIssue): FieldError[] => {
  const at = (key?: PropertyKey) =>
    [...issue.path, ...(key === undefined ? [] : [key])].map(String).join('.') || 'body';
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: at(key), expected: 'no such field' }));
  const expected = issue.input === undefined ? `required: ${issue.message}` : issue.message;
  return [{ field: at(), expected, ...(isShort(issue.input) && { got: issue.input }) }];
};

const limitLength = (error: FieldError): FieldError => ({
  ...error,
  field: shortenText(error.field, maxFieldLength),
  expected: shortenText(error.expected, maxExpectedLength),
});

/** Only short input is repeated in a response. */
const isShort = (input: unknown) =>
  (typeof input === 'string' && input.length <= 100) || typeof input === 'number' || typeof input === 'boolean';
