import type { Kysely, Transaction } from 'kysely';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { type CrmDatabase, transact } from '../../database/index.ts';
import { executeOnce } from '../../idempotency/index.ts';
import { type Customer, type CustomerData, dataOf, isSameData } from '../customer.ts';
import { findHolder, revisionOf as findRevision, lockCustomer } from '../find-customers.ts';
import { type ShownCustomer, showCustomer } from '../show-customer.ts';
import { apiOrigin, type ChangeContext, type ChangeOrigin } from './mandate-changes.ts';
import { writeCustomers } from './write-customers.ts';

/** The database, clock and ids that every change of customers needs. `now` is in ms since 1970. */
export type CrmContext = {
  readonly db: Kysely<CrmDatabase>;
  readonly now: () => number;
  readonly newId: () => string;
  /** Called after each commit, because new events may wait in the outbox. */
  readonly onCommit: () => void;
};

/** `precondition` decides whether the current version of the customer may be changed. */
export type ChangeRequest = ChangeOrigin & { readonly precondition?: (version: number) => boolean };

/** `mandateRevision` is the revision of the customer's mandate. A view that has it shows this change or a later one. */
export type ChangedCustomer = { customer: ShownCustomer; mandateRevision: number };

/**
 * Registers a customer. A repetition with the same idempotency key gets the answer of the first request.
 * @throws DomainError connection-held, key-reused, answer-erased
 */
export const registerCustomer = (
  context: CrmContext,
  data: CustomerData,
  { idempotencyKey: key, ...origin }: ChangeOrigin & { idempotencyKey?: string | undefined } = apiOrigin,
): Promise<ChangedCustomer> =>
  inTransaction(context, (trx) => {
    const register = () => insertCustomer(trx, data, { ...context, ...origin });
    if (key === undefined) return register();
    const attempt = { key, operation: 'register customer', content: data };
    return executeOnce(trx, attempt, context.now(), async () => {
      const answer = await register();
      return { answer, customerId: answer.customer.customerId };
    });
  });

/**
 * Replaces the record by the result of `next`, which gets the current one.
 * @throws DomainError customer-unknown, version-differs, connection-held
 */
export const changeCustomer = (
  context: CrmContext,
  customerId: string,
  next: (before: CustomerData) => CustomerData,
  request: ChangeRequest = apiOrigin,
): Promise<ChangedCustomer> =>
  inTransaction(context, async (trx) => {
    const before = await lockForChange(trx, customerId, request);
    return updateCustomer(trx, before, next(dataOf(before)), { ...context, ...request });
  });

/** Replaces the whole record by `data`, which may depend on the stored one. @throws as `changeCustomer` */
export const replaceCustomer = (
  context: CrmContext,
  customerId: string,
  data: CustomerData | ((stored: CustomerData) => CustomerData),
  request?: ChangeRequest,
): Promise<ChangedCustomer> =>
  changeCustomer(context, customerId, typeof data === 'function' ? data : () => data, request);

/** Writes the customer and its mandate events. Equal data makes no new version. */
const updateCustomer = async (
  trx: Transaction<CrmDatabase>,
  before: Customer,
  after: CustomerData,
  context: ChangeContext,
): Promise<ChangedCustomer> => {
  if (after.connectionId !== before.connectionId) await refuseHeldConnection(trx, after);
  if (isSameData(before, after)) return { customer: before, mandateRevision: await currentRevision(trx, after) };
  const { revisions, writtenAt } = await writeCustomers(trx, [{ before, after }], context);
  const { customerId, createdAt, version } = before;
  const customer = { ...after, customerId, createdAt, updatedAt: writtenAt, version: version + 1 };
  const mandateRevision = revisions.get(after.connectionId) ?? (await currentRevision(trx, after));
  return { customer, mandateRevision };
};

const insertCustomer = async (
  trx: Transaction<CrmDatabase>,
  after: CustomerData,
  context: ChangeContext,
): Promise<ChangedCustomer> => {
  await refuseHeldConnection(trx, after);
  const { customerIds, revisions, writtenAt } = await writeCustomers(trx, [{ after }], context);
  const customerId = customerIds[0] as string;
  const customer = { ...after, customerId, createdAt: writtenAt, updatedAt: writtenAt, version: 1 };
  return { customer, mandateRevision: revisions.get(after.connectionId) as number };
};

/** Locks the customer. @throws DomainError customer-unknown, version-differs */
export const lockForChange = async (
  trx: Transaction<CrmDatabase>,
  customerId: string,
  { precondition = () => true }: ChangeRequest,
): Promise<Customer> => {
  const customer = await lockCustomer(trx, customerId);
  if (precondition(customer.version)) return customer;
  throw new DomainError('version-differs', `Customer ${customerId} now has version ${customer.version}.`, {
    facts: { current: showCustomer(customer) },
    remedy: `compare \`current\` with your change, and send If-Match: "${customer.version}" if the change still applies`,
  });
};

/** The revision of a mandate that the change did not touch. */
const currentRevision = async (trx: Transaction<CrmDatabase>, { connectionId }: CustomerData): Promise<number> =>
  (await findRevision(trx, connectionId)) ?? 0;

/** Runs `work` in one transaction and calls `onCommit` after it. `work` may run more than once (see `transact`). */
export const inTransaction = async <T>(
  { db, onCommit }: CrmContext,
  work: (trx: Transaction<CrmDatabase>) => Promise<T>,
): Promise<T> => {
  const result = await transact(db, work);
  onCommit();
  return result;
};

const refuseHeldConnection = async (trx: Transaction<CrmDatabase>, { connectionId }: CustomerData) => {
  const holder = await findHolder(trx, connectionId);
  if (!holder) return;
  throw new DomainError('connection-held', `Connection ${connectionId} is held by customer ${holder.customerId}.`, {
    errors: [{ field: 'connectionId', expected: 'a connection that no other customer holds', got: connectionId }],
    facts: { holder: holder.customerId },
  });
};
