/**
 * Orders of customers, as streams of events. decide.ts has the rules, order.ts what events make of an order, change-order.ts
 * executes a command, and event-store/ keeps the events.
 */
export { customerOrders } from './customer-orders.ts';
export { orderRoutes } from './routes.ts';
