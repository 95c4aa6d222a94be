import { z } from 'zod';
import {
  type ConnectionMandateData,
  connectionIdSchema,
  connectionMandateSchema,
  mandateLevels,
  orNumber,
} from '../../contracts/connection-mandate.ts';

const name = 'text of 1 to 100 characters without control characters';
const nameSchema = z
  .string(name)
  .trim()
  .regex(/^[^\p{Cc}\p{Cs}]{1,100}$/u, name);

const email = 'an e-mail address of up to 254 characters, or null';
const phone = 'a phone number of 5 to 32 digits, spaces and ( ) . / -, such as +31 6 12345678, or null';

const customerFields = {
  firstName: nameSchema,
  lastName: nameSchema,
  city: nameSchema,
  connectionId: orNumber(connectionIdSchema),
  connectionMandate: orNumber(connectionMandateSchema),
  email: z.email(email).max(254, email).nullable().default(null),
  phone: z
    .string(phone)
    .regex(/^\+?[0-9(][0-9 ()./-]{3,29}[0-9]$/, phone)
    .nullable()
    .default(null),
};

/** What a caller says of a customer. */
export const customerDataSchema = z.strictObject(customerFields, 'a customer as a JSON object');
export type CustomerData = z.infer<typeof customerDataSchema>;
export const customerFieldNames = Object.keys(customerFields) as (keyof CustomerData)[];

const largestCustomerId = 2 ** 31 - 1;

/** @returns the number of a customerId; undefined for anything that cannot be one */
export const customerNumber = (customerId: string): number | undefined =>
  /^[1-9][0-9]{0,9}$/.test(customerId) && Number(customerId) <= largestCustomerId ? Number(customerId) : undefined;

export const customerIdSchema = z
  .string()
  .refine((id) => customerNumber(id) !== undefined, `a whole number from 1 to ${largestCustomerId}`);

/** A customer as it is held; times in ms since 1970, `version` 1 at first and one more with each change. */
export type Customer = CustomerData & { customerId: string; createdAt: number; updatedAt: number; version: number };

export const isSameData = (a: CustomerData, b: CustomerData): boolean =>
  customerFieldNames.every((field) => a[field] === b[field]);

/** The mandates that differ after a customer changed; a connection that was given up is revoked. */
export const mandateChanges = (before: CustomerData | undefined, after: CustomerData): ConnectionMandateData[] => {
  const { connectionId, connectionMandate } = after;
  if (before?.connectionId === connectionId && before.connectionMandate === connectionMandate) return [];
  const moved = before !== undefined && before.connectionId !== connectionId;
  return [
    ...(moved ? [{ connectionId: before.connectionId, connectionMandate: mandateLevels.none }] : []),
    { connectionId, connectionMandate },
  ];
};

/** A hybrid logical clock in ms since 1970: always grows, even where the clock does not. */
export const nextRevision = (last: number | undefined, now: number): number => Math.max((last ?? 0) + 1, now);
