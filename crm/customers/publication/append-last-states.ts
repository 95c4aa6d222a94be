import type { Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';
import {
  appendCustomerEvents,
  appendTombstones,
  type StateToPublish,
  stateOf,
} from '../change/append-customer-events.ts';
import { lockFormerCustomers } from '../change/former-customers.ts';
import type { ChangeContext } from '../change/mandate-changes.ts';
import { nextRevision } from '../customer.ts';
import { lockCustomers } from '../find-customers.ts';

/** The last state of a customer, as it was appended. A tombstone has no revision. */
export type LastState =
  | { readonly kind: 'record' | 'deleted'; readonly customerId: string; readonly revision: number }
  | { readonly kind: 'erased'; readonly customerId: string };

type Context = Pick<ChangeContext, 'now' | 'newId' | 'traceparent'> & {
  /** The new revisions are higher than this one too. Default: 0. */
  readonly above?: number | undefined;
};

/**
 * Appends the last state of each of these customers again, with a revision above its last one: the record, the deletion, or the
 * tombstone of an erasure. Numbers that never were a customer, or whose customer an older release removed, are left out.
 */
export const appendLastStates = async (
  trx: Transaction<CrmDatabase>,
  customerIds: readonly string[],
  context: Context,
): Promise<LastState[]> => {
  const records = await raiseCustomers(trx, customerIds, context);
  const current = new Set(records.map(({ customerId }) => customerId));
  const { deleted, erased } = await raiseFormerCustomers(
    trx,
    customerIds.filter((id) => !current.has(id)),
    context,
  );
  await appendCustomerEvents(trx, [...records, ...deleted], context);
  await appendTombstones(trx, erased, context);
  return [
    ...[...records, ...deleted].map(({ customerId, revision, record }) => ({
      kind: record ? ('record' as const) : ('deleted' as const),
      ...{ customerId, revision },
    })),
    ...erased.map((customerId) => ({ kind: 'erased' as const, customerId })),
  ];
};

const raise = (revision: number, { above = 0, now }: Context) => nextRevision(Math.max(revision, above), now());

const raiseCustomers = async (trx: Transaction<CrmDatabase>, customerIds: readonly string[], context: Context) => {
  const customers = await lockCustomers(trx, 'customerId', customerIds);
  const states = customers.map((customer) =>
    stateOf({ ...customer, revision: raise(customer.revision, context) }, customer.revision === 0),
  );
  for (const { customerId, revision } of states)
    await trx.updateTable('customer').set({ revision }).where('customerId', '=', Number(customerId)).execute();
  return states;
};

const raiseFormerCustomers = async (
  trx: Transaction<CrmDatabase>,
  customerIds: readonly string[],
  context: Context,
) => {
  const deleted: StateToPublish[] = [];
  const erased: string[] = [];
  for (const former of await lockFormerCustomers(trx, customerIds.map(Number))) {
    const { version, createdAt, removedAt: updatedAt } = former;
    const customerId = String(former.customerId);
    if (version === null || createdAt === null) {
      erased.push(customerId);
      continue;
    }
    const revision = raise(Number(former.revision), context);
    await trx.updateTable('formerCustomer').set({ revision }).where('customerId', '=', former.customerId).execute();
    deleted.push({ customerId, version, createdAt, updatedAt, revision, record: null, isFirst: false });
  }
  return { deleted, erased };
};
