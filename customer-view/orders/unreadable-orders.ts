import type { Kysely } from 'kysely';
import type { Generation } from '../../packages/projections/generations/index.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CustomerViewDatabase } from '../queries/index.ts';

const maxUnreadable = 1_000;

/** Orders that are marked by dead letters; `customerId` is null if no other record of the order could be read. */
type UnreadableOrder = { readonly key: string; readonly customerId: string | null };

/** Finds up to 1,000 orders that may be out of date, because a record about them is dead-lettered. */
export const findUnreadableOrders = (
  db: Kysely<CustomerViewDatabase>,
  { number }: Generation,
): Promise<UnreadableOrder[]> =>
  db
    .selectFrom('orders')
    .select(['key', 'customerId'])
    .where('generation', '=', number)
    .where('deadLetters', '>', 0)
    .limit(maxUnreadable)
    .execute();

/** @throws DomainError record-dead-lettered if one of the orders is known to be the customer's */
export const refuseUnreadableOrders = (unreadable: readonly UnreadableOrder[], customerId: string): void => {
  const own = unreadable.filter((order) => order.customerId === customerId).map(({ key }) => key);
  if (own.length === 0) return;
  const detail = `A record about each of these orders of customer ${customerId} could not be read: ${own.slice(0, 10).join(', ')}.`;
  throw new DomainError('record-dead-lettered', detail, {
    remedy:
      'npm run dead-letters -- --view orders shows the records, to replay or discard them; a newer change of the order resolves it as well',
    facts: { orders: own },
  });
};
