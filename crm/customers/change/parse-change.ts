import type { z } from 'zod';
import { validate } from '../../../packages/runtime/validate.ts';
import { type CustomerData, customerFieldNames, isSameText } from '../customer.ts';

/**
 * Parses a change of a stored customer. A field that repeats the stored value keeps it and is not validated again: an earlier version
 * may have accepted it by other rules, and it must not prevent the change of a mandate.
 * @throws DomainError invalid-body
 */
export const parseChange = <T extends z.ZodObject>(schema: T, sent: unknown, stored: CustomerData): z.output<T> => {
  const isObject = typeof sent === 'object' && sent !== null && !Array.isArray(sent);
  const fields = (isObject ? sent : {}) as Record<string, unknown>;
  const repeated = customerFieldNames.filter(
    (field) => Object.hasOwn(fields, field) && isSameText(stored[field], fields[field]),
  );
  const kept = Object.fromEntries(repeated.map((field) => [field, stored[field]]));
  const whole = schema.safeParse(sent);
  if (whole.success) return { ...whole.data, ...kept };
  const others = Object.fromEntries(Object.entries(fields).filter(([field]) => !Object.hasOwn(kept, field)));
  const otherSchema = schema.omit(Object.fromEntries(repeated.map((field) => [field, true])) as Record<string, never>);
  return { ...validate(otherSchema, isObject ? others : sent, 'invalid-body'), ...kept } as z.output<T>;
};
