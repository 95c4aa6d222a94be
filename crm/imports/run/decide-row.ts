import { type Customer, type CustomerData, dataOf, isSameText } from '../../customers/index.ts';
import { addDoubt, type ImportRow, type Problem } from '../check/check-row.ts';
import type { Header } from '../check/header.ts';
import type { Field } from '../column-names.ts';
import type { ConflictPolicy } from '../import-job.ts';

/** What the database already has about the customer and the connection of a row. */
export type ExistingState = {
  /** The customer with the row's id; if the row has no id, the holder of its connection. */
  readonly customer: Customer | undefined;
  /** The customer that holds the row's connection. */
  readonly holder: Customer | undefined;
  /** Whether any customer ever held the connection. */
  readonly isConnectionKnown: boolean;
  /** Whether the row's id is, or ever was, the id of a customer. */
  readonly isCustomerIdKnown: boolean;
};

export type Decision =
  | { readonly outcome: 'created'; readonly data: CustomerData }
  | { readonly outcome: 'updated'; readonly before: Customer; readonly data: CustomerData }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'skipped' | 'refused'; readonly problems: readonly Problem[] };

/**
 * Decides what to do with a valid row. A row without an id is matched by its connection. A file never restores a mandate that
 * was given up, or a customer that was deleted or erased, since its first import: a mandate must be granted again explicitly.
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
  const problemIn = (column: Field, reason: string): Problem[] => [
    { column, value: column === 'customerId' ? (row.customerId ?? '') : (row.data[column] ?? ''), reason },
  ];
  const refused = row.doubtful.filter(({ column }) => !customer || !isSameText(customer[column], row.data[column]));
  if (refused.length > 0) return { outcome: 'refused', problems: addDoubt(row, refused) };
  if (!customer) {
    if (row.customerId !== undefined && isCustomerIdKnown)
      return conflict(problemIn('customerId', 'this customer was deleted; a number is never assigned again'));
    if (holder) return { outcome: 'refused', problems: problemIn('connectionId', heldBy(holder)) };
    if (row.customerId === undefined && isConnectionKnown)
      return conflict(
        problemIn('connectionId', 'its last customer gave this connection up; an import does not grant it again'),
      );
    return { outcome: 'created', data: row.data };
  }
  const changedColumns = [...indexes.keys()].filter(
    (column) => column !== 'customerId' && !isSameText(customer[column], row.data[column]),
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
