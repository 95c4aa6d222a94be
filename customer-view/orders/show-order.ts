import { z } from 'zod';
import { orderStateSchema } from '../../contracts/events/order-changed/schema.ts';
import type { Order } from './order.ts';

/** An order as the API shows it. */
export const orderSchema = orderStateSchema
  .extend({ company: z.string().nullable(), updatedAt: z.iso.datetime({ offset: true }) })
  .meta({ id: 'Order', description: 'Amounts are in minor units of the currency, such as cents.' });

export const showOrder = ({ at: _, revision: __, ...order }: Order): z.infer<typeof orderSchema> => ({
  ...order,
  company: order.company ?? null,
});
