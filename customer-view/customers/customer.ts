import type { CustomerChanged } from '../../contracts/events/customer-changed/upcasters.ts';
import { contradicts, latestWins, type Shown, showEvent } from '../../packages/projections/latest-wins.ts';

/** A customer as the view holds it. Of a deleted or erased customer only the number is left. */
export type Customer = Shown<CustomerChanged['data']>;

/** The highest revision wins. A tombstone has the highest of all, so no event brings back an erased customer. */
export const evolve = (held: Customer | undefined, event: CustomerChanged): Customer =>
  latestWins(held, showEvent(event.data, event));

/** Whether the document no longer names the customer, because of an erasure or a deletion. */
export const isNameless = (customer: Customer): boolean => recordOf(customer) === null;

/** The customer's record; null for a deleted or erased customer. */
export const recordOf = (customer: Customer) => ('record' in customer ? customer.record : null);

/** Counts events that give two contents to one revision. */
export const classify = (held: Customer | undefined, event: CustomerChanged): string | undefined => {
  if (contradicts(held, showEvent(event.data, event))) return 'contradictions';
  return event.isAhead ? 'revisionsAhead' : undefined;
};
