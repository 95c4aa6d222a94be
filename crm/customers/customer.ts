import { z } from 'zod';
import { parseCustomerId } from '../../contracts/customer-id.ts';
import {
  acceptNumber,
  type ConnectionMandateData,
  connectionIdSchema,
  connectionMandateSchema,
  mandateLevels,
} from '../../contracts/events/connection-mandate-changed/schema.ts';
import { composeText, expecting, lineOfText, trimBlanks } from '../../contracts/text.ts';

/** A value in the form by which spreadsheets keep zeros, such as ="0071". */
const protectedValue = /^="((?:[^"]|"")*)"$/;

/** The value of a cell or a JSON field, without the white space around it and without the ="…" of spreadsheets. */
export const readText = (text: string): string => {
  const trimmed = trimBlanks(text);
  const [, inner] = protectedValue.exec(trimmed) ?? [];
  return inner === undefined ? trimmed : trimBlanks(inner.replaceAll('""', '"'));
};

/** Every field of a customer is read like this, from JSON and from CSV alike. */
const read = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (typeof value === 'string' ? readText(value) : value), schema);

const nameSchema = read(lineOfText(100));

const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
const topLevel = '[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]';
const emailPattern = new RegExp(String.raw`^${atom}(?:\.${atom})*@(?:${label}\.)+${topLevel}$`);
const emailError = expecting(
  'an e-mail address of up to 254 ASCII characters, 64 before the @ (the domain bücher.example is xn--bcher-kva.example), or null',
);

/** The form of RFC 5321 without quotes and address literals; a domain has its ASCII form. */
const emailSchema = z
  .string({ error: emailError })
  .regex(emailPattern, { error: emailError, abort: true })
  .max(254, { error: emailError })
  .regex(/^[!-?A-~]{1,64}@/, { error: emailError })
  .nullable();

const phoneError = expecting('a phone number of 5 to 32 digits, spaces and ( ) . / -, such as +31 6 12345678, or null');

/**
 * Replaces what is pasted with a phone number: `tel:`, and dashes, spaces, slashes and digits in other forms than those of ASCII. Invisible
 * characters that do not change the order of the digits are removed, and so are the parentheses of `(+31)`.
 */
export const tidyPhone = (text: string): string => {
  const tidy = trimBlanks(
    text
      .replaceAll(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
      .replaceAll(/[\u0660-\u0669\u06f0-\u06f9]/g, (arabic) => String(arabic.charCodeAt(0) & 0xf))
      .replaceAll(/[\u00ad\u200b\u200e\u200f\u202a\u202c\u2060\u2066\u2068\u2069\ufeff]/g, '')
      .replaceAll(/\p{Zs}/gu, ' ')
      .replaceAll(/[\p{Pd}\u2043\u2212]/gu, '-')
      .replaceAll(/[\u2044\u2215\u29f8]/g, '/'),
  );
  // A text of invisible characters alone is refused, with the name of the first one.
  return tidy === '' ? text : tidy.replace(/^tel:\s*/i, '').replace(/^\((\+\d+)\)/, '$1');
};

const phoneSchema = z
  .string({ error: phoneError })
  .overwrite(tidyPhone)
  .regex(/^\+?[0-9(][0-9 ()./-]{3,29}[0-9]$/, { error: phoneError })
  .nullable();

const requiredFields = {
  firstName: nameSchema.meta({ examples: ['Corinne'] }),
  lastName: nameSchema.meta({ examples: ['Lopez'] }),
  city: nameSchema.meta({ examples: ['Enschede'] }),
  connectionId: acceptNumber(read(connectionIdSchema)),
  connectionMandate: acceptNumber(read(connectionMandateSchema), { maximum: 2 }),
};
const optionalFields = {
  email: read(emailSchema).meta({ examples: ['corinne@example.org'] }),
  phone: read(phoneSchema).meta({ examples: ['+31 6 12345678'] }),
};

/** The customer data that a caller sends. */
export const customerDataSchema = z
  .strictObject(
    { ...requiredFields, email: optionalFields.email.default(null), phone: optionalFields.phone.default(null) },
    'a customer as a JSON object',
  )
  .meta({
    id: 'CustomerData',
    examples: [
      { firstName: 'Molly', lastName: 'Peterson', city: 'Zeewolde', connectionId: '928', connectionMandate: '0' },
    ],
  });
export type CustomerData = z.infer<typeof customerDataSchema>;

/** A JSON merge patch (RFC 7396) of customer data: null removes an optional field. */
export const customerPatchSchema = z
  .strictObject({ ...requiredFields, ...optionalFields }, 'a part of a customer as a JSON object')
  .exactPartial()
  .meta({ id: 'CustomerPatch', examples: [{ city: 'Enschede' }] });
export type CustomerPatch = z.infer<typeof customerPatchSchema>;

export const customerFieldNames = Object.keys(customerDataSchema.shape) as (keyof CustomerData)[];

/** The database assigns numbers above the largest existing one, so imported numbers must leave room above them. */
const maxExternalId = 1_000_000_000;
const externalIdError = expecting(
  `a whole number from 1 to ${maxExternalId} without leading zeros, or empty for a new number`,
);
/** A customerId that an import file provides. */
export const externalCustomerIdSchema = read(
  z.string().refine((id) => (parseCustomerId(id) ?? Number.POSITIVE_INFINITY) <= maxExternalId, {
    error: externalIdError,
  }),
);

/**
 * A stored customer. Times are in ms since 1970; `version` starts at 1 and grows by one with each change. `revision` is that of the
 * last published state; 0 while none was published.
 */
export type Customer = CustomerData & {
  customerId: string;
  createdAt: number;
  updatedAt: number;
  version: number;
  revision: number;
};

/** The fields that a caller can change. */
export const dataOf = ({ customerId, createdAt, updatedAt, version, revision, ...data }: Customer): CustomerData =>
  data;

export const applyPatch = (data: CustomerData, patch: CustomerPatch): CustomerData => ({ ...data, ...patch });

/** Whether a caller who sends `sent` leaves the stored value unchanged. A longer text was never stored. */
export const isSameText = (stored: string | null, sent: unknown): boolean =>
  stored === sent ||
  (stored !== null &&
    typeof sent === 'string' &&
    sent.length <= maxStoredLength &&
    composeText(stored) === composeText(readText(sent)));
const maxStoredLength = 1_000;

export const isSameData = (a: CustomerData, b: CustomerData): boolean =>
  customerFieldNames.every((field) => a[field] === b[field]);

/**
 * The mandates that change when a customer is changed, created (no `before`) or deleted (no `after`). A connection that the
 * customer gives up is revoked.
 */
export const computeMandateChanges = (
  before: CustomerData | undefined,
  after: CustomerData | undefined,
): ConnectionMandateData[] => {
  const givenUp = before && before.connectionId !== after?.connectionId;
  const differs = after && (before?.connectionMandate !== after.connectionMandate || givenUp);
  return [
    ...(givenUp ? [{ connectionId: before.connectionId, connectionMandate: mandateLevels.none }] : []),
    ...(differs ? [{ connectionId: after.connectionId, connectionMandate: after.connectionMandate }] : []),
  ];
};

/** A hybrid logical clock in ms since 1970: the revision always grows, even if the wall clock `now` does not. */
export const nextRevision = (last: number | undefined, now: number): number => Math.max((last ?? 0) + 1, now);
