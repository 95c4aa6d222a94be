import type { ViewTable } from '../../packages/view-database/view-database.ts';
import type { Order } from './order.ts';

/**
 * The indexes of the lists, by their filters and sort orders. Each has the whole sort order, and then the columns of further filters, so
 * that a page is read without sorting, and few rows are read that are not on it.
 */
export const orderIndexes = {
  customerByCreation: ['customerId', 'createdAt', 'key', 'productId', 'status'],
  customerByTotal: ['customerId', 'total', 'key', 'productId', 'status', 'createdAt'],
  product: ['productId', 'createdAt', 'key', 'status'],
  status: ['status', 'createdAt', 'key'],
  all: ['createdAt', 'key'],
} as const;

/** Reports read the index that begins with the month. */
export const ordersTable = {
  columns: {
    customerId: { type: 'varchar(10)', of: (order: Order) => order.customerId },
    productId: { type: 'varchar(64)', of: (order: Order) => order.productId },
    status: { type: 'varchar(9)', of: (order: Order) => order.status },
    currency: { type: 'varchar(3)', of: (order: Order) => order.total.currency },
    quantity: { type: 'bigint', of: (order: Order) => order.quantity },
    total: { type: 'bigint', of: (order: Order) => order.total.amount },
    createdAt: { type: 'bigint', of: (order: Order) => Date.parse(order.createdAt) },
    month: { type: 'varchar(7)', of: (order: Order) => new Date(order.createdAt).toISOString().slice(0, 7) },
  },
  indexes: [
    ...Object.values(orderIndexes),
    ['month', 'productId', 'currency', 'status', 'quantity', 'total'],
    ['deadLetters'],
  ],
} as const satisfies ViewTable<Order>;
