import { z } from 'zod';
import { customerIdSchema } from '../../contracts/customer-id.ts';
import { acceptNumber } from '../../contracts/events/connection-mandate-changed/schema.ts';
import {
  moneySchema,
  orderStateSchema,
  productIdSchema,
  quantitySchema,
} from '../../contracts/events/order-changed/schema.ts';
import { lineOfText } from '../../contracts/text.ts';
import type { OperationResponse } from '../../packages/http/operation.ts';
import { type Order, toOrderState } from './order.ts';

const { expectedDeliveryDate } = orderStateSchema.shape;

/** The body of POST /orders. */
export const newOrderSchema = z
  .strictObject(
    {
      customerId: acceptNumber(customerIdSchema, { minimum: 1 }),
      productId: productIdSchema,
      quantity: quantitySchema,
      unitPrice: z.strictObject(moneySchema.shape, 'an amount and a currency'),
      expectedDeliveryDate,
      company: lineOfText(100)
        .exactOptional()
        .meta({ examples: ['Lopez Heating'] }),
      place: lineOfText(200)
        .exactOptional()
        .meta({
          description: 'Where to deliver. It is personal data, and an erasure removes it.',
          examples: ['Hengelosestraat 1, Enschede'],
        }),
    },
    'an order as a JSON object',
  )
  .meta({
    id: 'NewOrder',
    examples: [
      {
        customerId: '7',
        productId: 'thermostat',
        quantity: 3,
        unitPrice: { amount: 4900, currency: 'EUR' },
        expectedDeliveryDate: '2026-12-24',
      },
    ],
  });

/** A JSON merge patch (RFC 7396) of the fields that can change. */
export const orderPatchSchema = z
  .strictObject({ quantity: quantitySchema, expectedDeliveryDate }, 'a part of an order as a JSON object')
  .exactPartial()
  .meta({ id: 'OrderPatch', examples: [{ quantity: 2 }] });

/** An order as the API shows it. */
export const orderSchema = orderStateSchema
  .extend({
    company: z.string().nullable(),
    place: z.string().nullable().meta({ description: 'The current place of delivery, also in a past state.' }),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Order' });

export const showOrder = (order: Order, place: string | null): z.infer<typeof orderSchema> => ({
  ...toOrderState(order),
  company: order.company ?? null,
  place,
  updatedAt: new Date(order.updatedAt).toISOString(),
});

// The path accepts any text: a malformed orderId is answered with 404, like an unknown one.
export const orderPath = z.object({
  orderId: z.string().meta({
    description: 'The `orderId` in the answer of `POST /orders`.',
    examples: ['0b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a01'],
    isKnownLater: true,
  }),
});

export const orderResponse: OperationResponse = {
  description: 'The order.',
  schema: orderSchema,
  headers: { ETag: { description: 'The version of the order, for If-Match and If-None-Match.', example: '"1"' } },
};
