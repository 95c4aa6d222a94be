import { registerView } from '../../packages/platform/views.ts';
import { isNameless, recordOf } from './customer.ts';
import { customers } from './materialise.ts';

export type { Customer } from './customer.ts';
export { customerRoutes } from './routes.ts';
export { customerSchema, showCustomer } from './show-customer.ts';
export { customersTable } from './table.ts';

export const customersView = registerView({
  projection: customers,
  // Of a deleted or erased customer nothing is displayed, as of one that the log does not have.
  toDisplayValue: (customer) =>
    customer === undefined || isNameless(customer) ? 'none' : JSON.stringify(recordOf(customer)),
  keyName: 'customerId',
});
