import { allowedSort, type FilterPlan, type Filters } from '../../parts/filters.ts';

/** The filters of the page, as its address names them. */
export const orderFilters = ['status', 'product', 'customer', 'from', 'to', 'names'] as const;
type Name = (typeof orderFilters)[number];

const byTime = [
  ['-createdAt', 'created, latest first'],
  ['createdAt', 'created, earliest first'],
] as const;
const byTotal = [
  ['-total', 'total, highest first'],
  ['total', 'total, lowest first'],
] as const;

/** Which sort orders go with the given filters. Only the orders of one customer have an index of their totals. */
export const planOrders = ({ customer }: Filters<Name>): FilterPlan<Name> =>
  customer
    ? { excluded: [], reason: '', sorts: [...byTime, ...byTotal] }
    : { excluded: [], reason: 'The orders of one customer can also be sorted by their total.', sorts: byTime };

/** The list of the customer-view for these filters: of one customer, joined with customers, or orders only. */
export const ordersPath = (filters: Filters<Name>): string => {
  const { customer } = filters;
  const joined = filters.names === 'no' ? '/orders' : '/customer-orders';
  const path = customer ? `/customers/${encodeURIComponent(customer)}/orders` : joined;
  const parameters = new URLSearchParams();
  for (const name of ['status', 'product', 'from', 'to'] as const)
    if (filters[name]) parameters.set(name, filters[name]);
  const sort = allowedSort(planOrders(filters), filters);
  if (sort) parameters.set('sort', sort);
  return `${path}?${parameters}`;
};
