import { createHash } from 'node:crypto';
import { registerView } from '../../packages/platform/views.ts';
import { isNameless, recordOf } from './customer.ts';
import { customers } from './materialise.ts';

export type { Customer } from './customer.ts';
export { customerRoutes } from './routes.ts';
export { customerSchema, showCustomer } from './show-customer.ts';
export { customersTable } from './table.ts';

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12);

export const customersView = registerView({
  projection: customers,
  // A rebuild prints this value, perhaps into a log that outlives an erasure, so it names no one. Of a deleted or erased customer nothing is displayed, as of one that the log does not have.
  toDisplayValue: (customer) =>
    customer === undefined || isNameless(customer) ? 'none' : `record ${digest(JSON.stringify(recordOf(customer)))}`,
  keyName: 'customerId',
});
