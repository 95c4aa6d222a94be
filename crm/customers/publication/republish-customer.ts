import { parseCustomerId } from '../../../contracts/customer-id.ts';
import { maxRepublishedRevision } from '../../../contracts/mandates-page.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { appendLastStates, type LastState } from './append-last-states.ts';

/**
 * Publishes the last state of a customer again, so that it replaces a record on customers-topic that is wrong or cannot be read.
 * @param above the new revision is higher than this one too
 * @throws DomainError customer-unknown, revision-too-high
 */
export const republishCustomer = (
  context: CrmContext,
  customerId: string,
  { above, traceparent }: { above: number; traceparent?: string | undefined },
): Promise<LastState> =>
  inTransaction(context, async (trx) => {
    const customerIds = parseCustomerId(customerId) === undefined ? [] : [customerId];
    const [state] = await appendLastStates(trx, customerIds, { ...context, above, traceparent });
    if (!state)
      throw new DomainError('customer-unknown', `There is no customer ${customerId.slice(0, 100)} to publish.`);
    if (state.kind !== 'erased' && state.revision > maxRepublishedRevision) throw revisionTooHigh(state.revision - 1);
    return state;
  });

const revisionTooHigh = (above: number) =>
  new DomainError(
    'revision-too-high',
    `No revision above ${above} can be published: the highest is ${maxRepublishedRevision}.`,
    { remedy: 'rebuild the views of the customer-view without that record' },
  );

/** Appends the last states of these customers again: for a relay whose late records may hide them. */
export const repeatLastStates = (context: CrmContext, customerIds: readonly string[]): Promise<void> =>
  inTransaction(context, async (trx) => void (await appendLastStates(trx, customerIds, context)));
