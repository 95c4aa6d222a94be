import { registerView } from '../../packages/platform/views.ts';
import { orders } from './materialise.ts';

export {
  cursorAfter,
  cursorTypes,
  listOrders,
  type OrderFilter,
  type OrderList,
  parseOrder,
  selectOrderPage,
  selectOrders,
} from './list-orders.ts';
export type { Order } from './order.ts';
export { createOrderParameters, orderRoutes, orderSortParameter } from './routes.ts';
export { orderSchema, showOrder } from './show-order.ts';
export { ordersTable } from './table.ts';
export { findUnreadableOrders, refuseUnreadableOrders } from './unreadable-orders.ts';

export const ordersView = registerView({
  projection: orders,
  toDisplayValue: (order) =>
    order ? `version ${order.version}, ${order.status}, ${order.quantity} × ${order.productId}` : 'none',
  keyName: 'orderId',
});
