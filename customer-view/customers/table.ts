import { foldText } from '../../packages/database/fold-text.ts';
import type { ViewTable } from '../../packages/view-database/view-database.ts';
import { type Customer, isNameless, recordOf } from './customer.ts';

/** The size of an index entry is limited. */
const maxKeyLength = 200;

/** Deleted and erased customers have no values in the columns, so no list finds them. */
export const customersTable = {
  columns: {
    customerNumber: {
      type: 'integer',
      of: (customer: Customer) => (isNameless(customer) ? undefined : Number(customer.customerId)),
    },
    nameKey: { type: `varchar(${maxKeyLength})`, of: (customer: Customer) => nameKeyOf(customer) },
    email: { type: 'varchar(254)', of: (customer: Customer) => recordOf(customer)?.email ?? undefined },
  },
  indexes: [['customerNumber'], ['nameKey', 'customerNumber'], ['email'], ['deadLetters']],
  isErased: isNameless,
} as const satisfies ViewTable<Customer>;

const nameKeyOf = (customer: Customer): string | undefined => {
  const record = recordOf(customer);
  return record
    ? [...foldText(`${record.lastName} ${record.firstName}`)].slice(0, maxKeyLength).join('').trimEnd()
    : undefined;
};
