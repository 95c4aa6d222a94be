import { z } from 'zod';
import { cloudEventSchema, createCloudEvent, type Envelope, maxRevision } from '../../cloud-event.ts';
import { customerIdSchema } from '../../customer-id.ts';
import { textOf } from '../../text.ts';

const orderId = 'a UUID in lower case';
export const orderIdSchema = z
  .string(orderId)
  .regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, orderId)
  .meta({ examples: ['0b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a01'] });

const productId = '1 to 64 characters out of 0-9, A-Z, a-z, dot, hyphen and underscore';
export const productIdSchema = z
  .string(productId)
  .regex(/^[0-9A-Za-z._-]{1,64}$/, productId)
  .meta({ examples: ['thermostat'] });

const currencies = new Set(Intl.supportedValuesOf('currency'));
const currency = 'a currency code of ISO 4217, such as EUR';
export const currencySchema = z
  .string(currency)
  .regex(/^[A-Z]{3}$/, { error: currency, abort: true })
  .refine((code) => currencies.has(code), currency)
  .meta({ examples: ['EUR'] });

const amount = `a whole number of minor units (such as cents), from 0 to ${Number.MAX_SAFE_INTEGER}`;
/** An amount of money in minor units of its currency, so that no sum is rounded. */
export const moneySchema = z.object({
  amount: z
    .int(amount)
    .min(0, amount)
    .max(Number.MAX_SAFE_INTEGER, amount)
    .meta({ examples: [4900] }),
  currency: currencySchema,
});

const quantity = 'a whole number from 1 to 1000000000';
export const quantitySchema = z
  .int(quantity)
  .min(1, quantity)
  .max(1_000_000_000, quantity)
  .meta({ examples: [3] });

export const orderStatuses = ['pending', 'shipped', 'delivered', 'cancelled', 'rejected'] as const;
export const orderStatusSchema = z
  .enum(orderStatuses, `one of ${orderStatuses.join(', ')}`)
  .meta({ examples: ['pending'] });

const company = 'the name of a company, text of 1 to 100 characters';
const date = 'a date such as 2026-12-24';

/** The whole state of an order. It has no personal data: the customer is a number, and the place of delivery stays in the CRM. */
export const orderStateSchema = z.object({
  orderId: orderIdSchema,
  version: z
    .int()
    .min(1)
    .max(maxRevision)
    .meta({ description: 'The number of events of the order.', examples: [1] }),
  customerId: customerIdSchema,
  productId: productIdSchema,
  company: textOf(100, company)
    .exactOptional()
    .meta({ examples: ['Lopez Heating'] }),
  quantity: quantitySchema,
  unitPrice: moneySchema,
  total: moneySchema.meta({ examples: [{ amount: 14700, currency: 'EUR' }] }),
  status: orderStatusSchema,
  expectedDeliveryDate: z.iso.date(date).meta({ examples: ['2026-12-24'] }),
  createdAt: z.iso.datetime(),
});
export type OrderState = z.infer<typeof orderStateSchema>;

export const orderChangedType = 'utility.crm.order-changed.v1';

/** `subject` is the orderId, `sequence` the version of the order, `time` the change. */
export const orderChangedSchema = cloudEventSchema(orderChangedType, {
  subject: orderIdSchema,
  data: orderStateSchema,
});
export type OrderChangedEvent = z.infer<typeof orderChangedSchema>;

/** Creates the event that the CRM publishes after each change; its revision is the version of the order. */
export const createOrderChangedEvent = (data: OrderState, envelope: Omit<Envelope, 'revision'>): OrderChangedEvent =>
  createCloudEvent(
    { source: '/crm', type: orderChangedType, subject: data.orderId, data },
    { ...envelope, revision: data.version },
  );
