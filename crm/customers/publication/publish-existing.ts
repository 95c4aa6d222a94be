import type { Kysely } from 'kysely';
import type { Logger } from 'pino';
import { backoff, retry } from '../../../packages/runtime/retry.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { appendCustomerEvents, stateOf } from '../change/append-customer-events.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { nextRevision } from '../customer.ts';
import { lockCustomers } from '../find-customers.ts';

const customersPerPage = 100;
const retryAfterMs = backoff({ firstMs: 1_000, maxMs: 60_000 });

/**
 * Publishes in the background every customer that an older release has registered, with the original times. Each page is a short
 * transaction, so requests are answered in between, and the next start continues after a kill. A customer that is changed meanwhile
 * is published by its change.
 * @returns `done` resolves when all are published, or after `close`
 */
export const startPublishingExisting = (context: CrmContext & { readonly log: Logger }) => {
  const closing = new AbortController();
  const done = retry(() => publishExisting(context, closing.signal), {
    while: (error): error is Error => !closing.signal.aborted && error instanceof Error,
    backoff: retryAfterMs,
    signal: closing.signal,
    onRetry: (error) => context.log.warn({ err: error }, 'existing customers not published, will retry'),
  }).catch((error: unknown) => context.log.debug({ err: error }, 'existing customers not published, closing'));
  return {
    done,
    close: async (): Promise<void> => {
      closing.abort();
      await done;
    },
  };
};

const publishExisting = async (context: CrmContext & { readonly log: Logger }, stop: AbortSignal): Promise<void> => {
  let published = 0;
  for (let after = 0; !stop.aborted; ) {
    const customerIds = await findUnpublished(context.db, after);
    const last = customerIds.at(-1);
    if (last === undefined) break;
    published += await publishPage(context, customerIds);
    after = last;
  }
  if (published > 0) context.log.info({ customers: published }, 'existing customers published');
};

const findUnpublished = async (db: Kysely<CrmDatabase>, after: number): Promise<number[]> => {
  const unpublished = db.selectFrom('customer').select('customerId').where('revision', '=', 0);
  const page = unpublished.where('customerId', '>', after).orderBy('customerId').limit(customersPerPage);
  return (await page.execute()).map(({ customerId }) => customerId);
};

const publishPage = (context: CrmContext, customerIds: readonly number[]): Promise<number> =>
  inTransaction(context, async (trx) => {
    const locked = await lockCustomers(trx, 'customerId', customerIds.map(String));
    const unpublished = locked.filter(({ revision }) => revision === 0);
    const states = unpublished.map((customer) =>
      stateOf({ ...customer, revision: nextRevision(undefined, customer.updatedAt) }, true),
    );
    if (states.length === 0) return 0;
    await trx
      .updateTable('customer')
      .set(({ eb, ref, lit }) => ({
        revision: eb.case().when('updatedAt', '>', 0).then(ref('updatedAt')).else(lit(1)).end(),
      }))
      .where(
        'customerId',
        'in',
        states.map(({ customerId }) => Number(customerId)),
      )
      .execute();
    await appendCustomerEvents(trx, states, context);
    return states.length;
  });
