import { z } from 'zod';
import { expecting } from './text.ts';

/** The largest value of an integer column in every database. */
const maxCustomerId = 2 ** 31 - 1;

/** @returns the number of a customerId; undefined if the text is not a valid customerId */
export const parseCustomerId = (customerId: string): number | undefined =>
  /^[1-9][0-9]{0,9}$/.test(customerId) && Number(customerId) <= maxCustomerId ? Number(customerId) : undefined;

const error = expecting(`a whole number from 1 to ${maxCustomerId}`);
export const customerIdSchema = z
  .string({ error })
  .regex(/^[1-9][0-9]{0,9}$/, { error, abort: true })
  .refine((id) => parseCustomerId(id) !== undefined, { error })
  .meta({ examples: ['7'] });
