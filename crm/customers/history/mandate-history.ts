import type { Kysely, Selectable } from 'kysely';
import { z } from 'zod';
import { parseCustomerId } from '../../../contracts/customer-id.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { CrmDatabase, MandateChangeTable } from '../../database/index.ts';
import { customerDataSchema } from '../customer.ts';

const { connectionId, connectionMandate } = customerDataSchema.shape;

/** One line of a customer's history, as the API shows it. */
export const mandateChangeSchema = z
  .strictObject({
    connectionId,
    connectionMandate,
    revision: z.int().meta({ examples: [1795694400123] }),
    changedAt: z.iso.datetime(),
    changedBy: z
      .string()
      .nullable()
      .meta({ examples: ['clerk 12'] }),
    channel: z
      .string()
      .nullable()
      .meta({ examples: ['phone'] }),
    reference: z
      .string()
      .nullable()
      .meta({ examples: ['call 4711'] }),
  })
  .meta({ id: 'MandateChange' });
export type MandateChange = z.infer<typeof mandateChangeSchema>;

const showMandateChange = (change: Selectable<MandateChangeTable>): MandateChange => ({
  connectionId: change.connectionId,
  connectionMandate: change.connectionMandate,
  revision: Number(change.revision),
  changedAt: new Date(Number(change.changedAt)).toISOString(),
  changedBy: change.changedBy,
  channel: change.channel,
  reference: change.reference,
});

/** The last row of a page, in descending order of revision, then connection. */
export type HistoryCursor = { revision: number; connectionId: string };

/** Reads the changes of all connections that the customer ever had, the newest first, starting after the cursor `after`. */
export const readMandateHistory = async (
  db: Kysely<CrmDatabase>,
  customerId: number,
  { after, limit }: { after?: HistoryCursor | undefined; limit?: number | undefined } = {},
): Promise<MandateChange[]> => {
  let query = db
    .selectFrom('mandateChange')
    .selectAll()
    .where('customerId', '=', customerId)
    .orderBy('revision', 'desc')
    .orderBy('connectionId', 'desc');
  if (after)
    query = query.where(({ eb, or, and }) =>
      or([
        eb('revision', '<', after.revision),
        and([eb('revision', '=', after.revision), eb('connectionId', '<', after.connectionId)]),
      ]),
    );
  if (limit !== undefined) query = query.limit(limit);
  return (await query.execute()).map(showMandateChange);
};

/** Reads, for each connection that the customer had by then, the last change at or before `at` (ms since 1970). */
export const readMandatesInForce = async (
  db: Kysely<CrmDatabase>,
  customerId: number,
  at: number,
): Promise<MandateChange[]> => {
  const rows = await db
    .selectFrom('mandateChange')
    .selectAll()
    .where('customerId', '=', customerId)
    .where('changedAt', '<=', at)
    .where(({ eb, not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('mandateChange as later')
            .select(eb.lit(1).as('one'))
            .whereRef('later.connectionId', '=', 'mandateChange.connectionId')
            .whereRef('later.customerId', '=', 'mandateChange.customerId')
            .whereRef('later.revision', '>', 'mandateChange.revision')
            .where('later.changedAt', '<=', at),
        ),
      ),
    )
    .orderBy('connectionId')
    .execute();
  return rows.map(showMandateChange);
};

/**
 * Finds which of these numbers belong, or ever belonged, to a customer with a mandate. The evidence outlives the
 * customer.
 */
export const findKnownCustomerIds = async (
  db: Kysely<CrmDatabase>,
  customerIds: readonly number[],
): Promise<Set<number>> => {
  if (customerIds.length === 0) return new Set();
  const query = db.selectFrom('mandateChange').select('customerId').distinct();
  const rows = await query.where('customerId', 'in', customerIds).execute();
  return new Set(rows.map(({ customerId }) => customerId));
};

/** Finds the number of a current, deleted or erased customer. @throws DomainError customer-unknown */
export const findCustomerNumber = async (db: Kysely<CrmDatabase>, customerId: string): Promise<number> => {
  const number = parseCustomerId(customerId);
  for (const table of ['customer', 'mandateChange', 'erasedCustomer'] as const) {
    if (number === undefined) break;
    const row = await db.selectFrom(table).select('customerId').where('customerId', '=', number).limit(1).execute();
    if (row.length > 0) return number;
  }
  throw new DomainError('customer-unknown', `No customer ever had the id ${customerId.slice(0, 100)}.`);
};
