import { type Routes, withTag } from '../../packages/http/operation.ts';
import type { CrmContext } from '../customers/index.ts';
import { createOperation, moveOperation, updateOperation } from './command-operations.ts';
import { eventsOperation, readOperation } from './read-operations.ts';

/** The routes of orders. Each one that changes an order is one command. */
export const orderRoutes = (context: CrmContext): Routes =>
  withTag('Orders', {
    '/orders': { post: createOperation(context) },
    '/orders/:orderId': { get: readOperation(context.db), patch: updateOperation(context) },
    '/orders/:orderId/events': { get: eventsOperation(context.db) },
    '/orders/:orderId/cancel': { post: moveOperation(context, 'CancelOrder', 'Cancel a pending order') },
    '/orders/:orderId/reject': { post: moveOperation(context, 'RejectOrder', 'Reject a pending order') },
    '/orders/:orderId/ship': { post: moveOperation(context, 'ShipOrder', 'Ship a pending order') },
    '/orders/:orderId/deliver': { post: moveOperation(context, 'DeliverOrder', 'Deliver a shipped order') },
  });
