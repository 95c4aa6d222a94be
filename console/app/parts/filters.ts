/** The filters of a list and its sort order, as the address of the page names them. */
export type Filters<Name extends string> = Readonly<Partial<Record<Name | 'sort', string>>>;

/** What the API allows with the given filters. */
export type FilterPlan<Name extends string> = {
  /** The filters that cannot be added. */
  readonly excluded: readonly Name[];
  /** What cannot be combined, for people; empty if everything can. */
  readonly reason: string;
  /** The sort orders with their labels; the first is the default. */
  readonly sorts: readonly (readonly [sort: string, label: string])[];
};

/** The sort order to ask for; empty for the default, and where the filters do not allow it. */
export const allowedSort = ({ sorts }: FilterPlan<string>, { sort = '' }: Filters<string>): string =>
  sorts.slice(1).some(([name]) => name === sort) ? sort : '';
