import { topics } from '../../../contracts/topics.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { appendLastStates } from './append-last-states.ts';

const customersPerPage = 100;
/** A relay publishes the names of a removed customer at most this much later, if it was publishing them at that moment. */
const marginMs = 60_000;

/**
 * Publishes the last state of each removed customer once more. Kafka compacts a segment only after a later record has closed it, so
 * without this record a quiet topic would keep the name. It also replaces a record that a suspended relay has published late.
 */
export const repeatRemovals = async (context: CrmContext): Promise<void> => {
  const removedUntil = context.now() - topics.customers.compaction.segmentMs - marginMs;
  const repeatPage = () =>
    inTransaction(context, async (trx) => {
      const rows = await trx
        .selectFrom('formerCustomer')
        .select('customerId')
        .where('isRepeated', '=', 0)
        .where('removedAt', '<=', removedUntil)
        .orderBy('customerId')
        .limit(customersPerPage)
        .forUpdate()
        .execute();
      const customerIds = rows.map(({ customerId }) => customerId);
      if (customerIds.length === 0) return 0;
      await appendLastStates(trx, customerIds.map(String), context);
      await trx.updateTable('formerCustomer').set({ isRepeated: 1 }).where('customerId', 'in', customerIds).execute();
      return customerIds.length;
    });
  while ((await repeatPage()) === customersPerPage);
};
