import { z } from 'zod';
import { customerIdSchema } from '../../contracts/customer-id.ts';
import {
  acceptNumber,
  type ConnectionMandateData,
  connectionIdSchema,
  connectionMandateSchema,
  mandateLevels,
} from '../../contracts/events/connection-mandate-changed/schema.ts';
import { lineOfText } from '../../contracts/text.ts';

const nameSchema = lineOfText(100);

const email = 'an e-mail address of up to 254 characters, 64 before the @, or null';
const phone = 'a phone number of 5 to 32 digits, spaces and ( ) . / -, such as +31 6 12345678, or null';

const requiredFields = {
  firstName: nameSchema.meta({ examples: ['Corinne'] }),
  lastName: nameSchema.meta({ examples: ['Lopez'] }),
  city: nameSchema.meta({ examples: ['Enschede'] }),
  connectionId: acceptNumber(connectionIdSchema),
  connectionMandate: acceptNumber(connectionMandateSchema, { maximum: 2 }),
};
const optionalFields = {
  email: z
    .email({ error: email, abort: true })
    .max(254, email)
    .regex(/^[!-?A-~]{1,64}@/, email)
    .nullable()
    .meta({ examples: ['corinne@example.org'] }),
  phone: z
    .string(phone)
    .regex(/^\+?[0-9(][0-9 ()./-]{3,29}[0-9]$/, phone)
    .nullable()
    .meta({ examples: ['+31 6 12345678'] }),
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
const externalIdFormat = `a whole number from 1 to ${maxExternalId}, or empty for a new number`;
/** A customerId that an import file provides. */
export const externalCustomerIdSchema = customerIdSchema.refine((id) => Number(id) <= maxExternalId, externalIdFormat);

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
