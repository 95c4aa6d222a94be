import { allowedSort, type FilterPlan, type Filters } from '../../parts/filters.ts';

/** The filters of the list, as `GET /customers` names them. */
export const customerFilters = ['name', 'city', 'connectionMandate', 'email', 'connectionId'] as const;
type Name = (typeof customerFilters)[number];

/** An e-mail address and a connection are searched alone. */
const alone = ['email', 'connectionId'] as const;

const byNumber = [
  ['customerId', 'number'],
  ['-customerId', 'number, highest first'],
] as const;
const byName = [
  ['name', 'name'],
  ['-name', 'name, Z to A'],
] as const;
const byChange = [
  ['updatedAt', 'changed, earliest first'],
  ['-updatedAt', 'changed, latest first'],
] as const;

/** Which filters and sort orders go with the given filters. The API refuses all others, because no index supports them. */
export const planCustomers = (filters: Filters<Name>): FilterPlan<Name> => {
  const single = alone.find((name) => filters[name]);
  if (single)
    return {
      excluded: customerFilters.filter((name) => name !== single),
      reason: `${single === 'email' ? 'An e-mail address' : 'A connection'} is searched alone, because it finds its customer directly. Clear it to use other filters.`,
      sorts: byNumber,
    };
  if (customerFilters.some((name) => filters[name]))
    return {
      excluded: alone,
      reason:
        'Name, city and mandate can be combined, sorted by name. An e-mail address or a connection is searched alone: clear the other filters first.',
      sorts: byName,
    };
  return { excluded: [], reason: '', sorts: [...byNumber, ...byName, ...byChange] };
};

/** The path of the list. A sort order that does not go with the filters is left out. */
export const customersPath = (filters: Filters<Name>): string => {
  const parameters = new URLSearchParams();
  for (const name of customerFilters) if (filters[name]) parameters.set(name, filters[name]);
  const sort = allowedSort(planCustomers(filters), filters);
  if (sort) parameters.set('sort', sort);
  return `/customers?${parameters}`;
};
