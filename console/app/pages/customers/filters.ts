/** The filters of the list, as the address of the page and `GET /customers` name them. */
export const filterNames = ['name', 'city', 'connectionMandate', 'email', 'connectionId'] as const;
export type FilterName = (typeof filterNames)[number];
export type Filters = Readonly<Partial<Record<FilterName, string>>>;

/** An e-mail address and a connection are searched alone. */
const alone = ['email', 'connectionId'] as const;

type Plan = {
  /** The filters that cannot be added to the given ones. */
  readonly excluded: readonly FilterName[];
  /** Why, for people; empty if nothing is excluded. */
  readonly reason: string;
  /** The sort orders that the API has for these filters; the first is the default. */
  readonly sorts: readonly string[];
};

const sortsOf = (...names: string[]) => names.flatMap((name) => [name, `-${name}`]);

/** Which filters and sort orders go with the given filters. The API refuses all others, because no index supports them. */
export const planFilters = (filters: Filters): Plan => {
  const single = alone.find((name) => filters[name]);
  if (single)
    return {
      excluded: filterNames.filter((name) => name !== single),
      reason: `${single === 'email' ? 'An e-mail address' : 'A connection'} is searched alone, because it finds its customer directly. Clear it to use other filters.`,
      sorts: sortsOf('customerId'),
    };
  if (filterNames.some((name) => filters[name]))
    return {
      excluded: alone,
      reason:
        'Name, city and mandate can be combined, sorted by name. An e-mail address or a connection is searched alone: clear the other filters first.',
      sorts: sortsOf('name'),
    };
  return { excluded: [], reason: '', sorts: sortsOf('customerId', 'name', 'updatedAt') };
};

/** The path of the list. A sort order that does not go with the filters is left out. */
export const listPath = (filters: Filters, sort: string): string => {
  const parameters = new URLSearchParams();
  for (const name of filterNames) if (filters[name]) parameters.set(name, filters[name]);
  if (planFilters(filters).sorts.includes(sort)) parameters.set('sort', sort);
  return `/customers?${parameters}`;
};
