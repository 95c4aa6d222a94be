import { type Customer, type CustomerData, dataOf } from '../../customers/index.ts';
import type { ImportRow, Problem } from '../check/check-row.ts';
import type { Column, Header } from '../check/header.ts';
import type { ConflictPolicy } from '../import-job.ts';

/** What the database holds of what a row names. */
export type ExistingState = {
  /** The customer of the row's id; of a row without one, who holds its connection. */
  readonly customer: Customer | undefined;
  /** Who holds the row's connection. */
  readonly holder: Customer | undefined;
  /** Whether any customer ever held the connection, and whether the id ever was a customer's. */
  readonly isConnectionKnown: boolean;
  readonly isCustomerIdKnown: boolean;
};

export type Decision =
  | { readonly outcome: 'created'; readonly data: CustomerData }
  | { readonly outcome: 'updated'; readonly before: Customer; readonly data: CustomerData }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'skipped' | 'refused'; readonly problems: readonly Problem[] };

/**
 * A row without an id is known by its connection. What was given up, deleted or erased since it was first imported is
 * never brought back by a file: to grant it again is for a person to say.
 */
export const decideRow = (
  row: ImportRow,
  { indexes }: Pick<Header, 'indexes'>,
  { customer, holder, isConnectionKnown, isCustomerIdKnown }: ExistingState,
  onConflict: ConflictPolicy,
): Decision => {
  const conflict = (problems: Problem[]): Decision => ({
    outcome: onConflict === 'skip' ? 'skipped' : 'refused',
    problems,
  });
  const problemIn = (column: Column, reason: string): Problem[] => [
    { column, value: column === 'customerId' ? (row.customerId ?? '') : (row.data[column] ?? ''), reason },
  ];
  if (!customer) {
    if (row.customerId !== undefined && isCustomerIdKnown)
      return conflict(problemIn('customerId', 'this customer was deleted; its number is not given again'));
    if (holder) return { outcome: 'refused', problems: problemIn('connectionId', heldBy(holder)) };
    if (row.customerId === undefined && isConnectionKnown)
      return conflict(problemIn('connectionId', 'given up since by who held it; an import does not grant it again'));
    return { outcome: 'created', data: row.data };
  }
  const changedColumns = [...indexes.keys()].filter(
    (column) => column !== 'customerId' && customer[column] !== row.data[column],
  );
  if (changedColumns.length === 0) return { outcome: 'unchanged' };
  if (onConflict !== 'update')
    return conflict(
      changedColumns.flatMap((column) => problemIn(column, `differs from what customer ${customer.customerId} has`)),
    );
  if (holder && holder.customerId !== customer.customerId)
    return { outcome: 'refused', problems: problemIn('connectionId', heldBy(holder)) };
  const changedFields = Object.fromEntries(
    changedColumns.map((column) => [column, row.data[column as keyof CustomerData]]),
  );
  return { outcome: 'updated', before: customer, data: { ...dataOf(customer), ...changedFields } };
};

const heldBy = ({ customerId }: Customer) => `held by customer ${customerId}`;
