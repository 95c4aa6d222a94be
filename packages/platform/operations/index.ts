import { type Routes, withTag } from '../../http/operation.ts';
import { consumerGroupRoutes } from './consumer-group.ts';
import type { OperationsContext } from './context.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { openEventRoutes } from './events/routes.ts';
import { explainRoutes } from './explain-routes.ts';
import { openRebuildRoutes } from './rebuild/routes.ts';

export { createViewQuerySchema, findView, type OperationsContext } from './context.ts';

/** The error codes of operations with their HTTP status. */
export const operationStatuses = {
  'dead-letter-unknown': 404,
  'dead-letter-withheld': 409,
  'rebuild-in-progress': 409,
  'rebuild-refused': 409,
  'rebuild-failed': 503,
  'explain-failed': 503,
  'log-unavailable': 503,
  'too-many-explanations': 503,
  'too-many-tails': 503,
} as const;

/** `/operations`: what an operator sees and does of the views of a service. `close` stops rebuilds and ends event streams. */
export const openOperations = (context: OperationsContext): { routes: Routes; close(): Promise<void> } => {
  const rebuilds = openRebuildRoutes(context);
  const events = openEventRoutes(context);
  const routes = withTag('Operations', {
    ...consumerGroupRoutes(context),
    ...rebuilds.routes,
    ...deadLetterRoutes(context),
    ...explainRoutes(context),
    ...events.routes,
  });
  return { routes, close: async () => void (await Promise.all([rebuilds.close(), events.close()])) };
};
