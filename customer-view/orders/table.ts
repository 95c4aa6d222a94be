import type { ViewTable } from '../../packages/view-database/view-database.ts';
import type { Order } from './order.ts';

/**
 * Lists are filtered by customer, product or status and sorted by creation or total. The index of a list continues with the rest of its sort
 * order, and with the columns of further filters, so that only the rows of the page are read. Reports read one index.
 */
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
    ['customerId', 'createdAt', 'key', 'productId', 'status'],
    ['customerId', 'total', 'key', 'productId', 'status', 'createdAt'],
    ['productId', 'createdAt', 'key', 'status'],
    ['status', 'createdAt', 'key'],
    ['createdAt', 'key'],
    ['month', 'productId', 'currency', 'status', 'quantity', 'total'],
    ['deadLetters'],
  ],
} as const satisfies ViewTable<Order>;
