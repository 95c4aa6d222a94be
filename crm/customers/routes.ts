import { type Routes, withTag } from '../../packages/http/operation.ts';
import type { CustomerChanges } from './change/change-customer.ts';
import { registerOperation } from './change/register-operation.ts';
import { mandateHistoryRoutes } from './history/mandate-history-routes.ts';
import { labCustomerRoutes } from './lab-routes.ts';
import { listOperation } from './list/list-operation.ts';
import { mandateRoutes } from './mandates/mandate-routes.ts';
import { oneCustomerRoutes } from './one-customer-routes.ts';
import type { Erasures } from './personal-data/erasures.ts';
import { personalDataRoutes } from './personal-data/routes.ts';

/** All requests about customers and their mandates; each use case has its folder. */
export const customerRoutes = (changes: CustomerChanges, erasures: Erasures): Routes => ({
  ...labCustomerRoutes(changes),
  ...withTag('Customers', { '/customers': { get: listOperation(changes.db), post: registerOperation(changes) } }),
  ...oneCustomerRoutes(changes, erasures),
  ...mandateHistoryRoutes(changes),
  ...mandateRoutes(changes),
  ...personalDataRoutes(changes, erasures),
});
