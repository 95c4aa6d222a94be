import {
  findOrderOfUnreadable,
  type OrderChanged,
  parseOrderChange,
} from '../../contracts/events/order-changed/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import { classify, evolve, type Order } from './order.ts';

/** The orders view: one document per order, with the orderId as key. */
export const orders: Projection<OrderChanged, Order> = {
  name: 'orders',
  topic: topics.orders,
  deadLetters: topics.orders.deadLetters,
  parse: parseOrderChange,
  key: ({ data }) => data.orderId,
  keyOfUnreadable: findOrderOfUnreadable,
  evolve,
  eventStamp: ({ time, revision }) => ({ time, revision }),
  traceparent: ({ traceparent }) => traceparent,
  classify,
};
