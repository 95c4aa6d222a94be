import { type Routes, withTag } from '../../packages/http/operation.ts';
import type { CrmContext } from './change/change-customer.ts';
import { registerOperation } from './change/register-operation.ts';
import { mandateHistoryRoutes } from './history/mandate-history-routes.ts';
import { legacyCustomerRoutes } from './legacy-routes.ts';
import { listOperation } from './list/list-operation.ts';
import { mandateRoutes } from './mandates/mandate-routes.ts';
import { oneCustomerRoutes } from './one-customer-routes.ts';
import type { Erasures } from './personal-data/erasures.ts';
import { personalDataRoutes } from './personal-data/routes.ts';
import { customerRepublicationRoutes } from './publication/republication-routes.ts';

/** The routes of customers and their mandates. Each use case has its own folder. */
export const customerRoutes = (context: CrmContext, erasures: Erasures): Routes => ({
  ...legacyCustomerRoutes(context),
  ...withTag('Customers', { '/customers': { get: listOperation(context.db), post: registerOperation(context) } }),
  ...oneCustomerRoutes(context, erasures),
  ...mandateHistoryRoutes(context),
  ...mandateRoutes(context),
  ...personalDataRoutes(context, erasures),
  ...customerRepublicationRoutes(context),
});
