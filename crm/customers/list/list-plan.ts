import { mandateLevels } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { searchKey } from '../search-keys.ts';

export const sorts = ['customerId', '-customerId', 'name', '-name', 'updatedAt', '-updatedAt'] as const;
export type Sort = (typeof sorts)[number];
type Mandate = '0' | '1' | '2';

/** Filters and order of a list. `name` is the beginning of "last name first name". */
export type ListQuery = {
  readonly city?: string | undefined;
  readonly connectionMandate?: Mandate | undefined;
  readonly name?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly email?: string | undefined;
  readonly sort?: Sort | undefined;
};

/** The column values that all rows of a group have in common. */
export type RowGroup = Partial<Record<'cityKey' | 'email' | 'connectionId', string> & { connectionMandate: Mandate }>;

/** How a list is read: the merge of `groups`, in the order of `key`. An index contains each group in that order. */
export type ListPlan = {
  readonly key: 'customerId' | 'nameKey' | 'updatedAt';
  readonly isDescending: boolean;
  readonly groups: readonly RowGroup[];
  /** Selects the keys that begin with this text. */
  readonly prefix?: string;
};

const keys = { customerId: 'customerId', name: 'nameKey', updatedAt: 'updatedAt' } as const;

/** The orders that an index supports for these filters; the first one is the default. */
const possibleOrders = ({
  city,
  connectionMandate,
  name,
  connectionId,
  email,
}: ListQuery): readonly (keyof typeof keys)[] => {
  if (connectionId ?? email) return ['customerId'];
  return (city ?? connectionMandate ?? name) === undefined ? ['customerId', 'name', 'updatedAt'] : ['name'];
};

/** @throws DomainError invalid-parameter, with the alternatives, if no index supports the query */
export const planList = (query: ListQuery): ListPlan => {
  const { city, connectionMandate, name, connectionId, email, sort } = query;
  refuseOtherFilters(query, 'connectionId');
  refuseOtherFilters(query, 'email');
  const possible = possibleOrders(query);
  const order = (sort ?? possible[0] ?? 'customerId').replace('-', '') as keyof typeof keys;
  if (!possible.includes(order))
    throw unsupported('sort', `${possible.flatMap((by) => [by, `-${by}`]).join(', ')} with these filters`);
  const orderBy = { key: keys[order], isDescending: sort?.startsWith('-') ?? false };
  if (order !== 'name')
    return { ...orderBy, groups: [{ ...(connectionId && { connectionId }), ...(email && { email }) }] };
  // The name indexes start with the mandate, so a query without a mandate has one group per mandate.
  const mandates = connectionMandate === undefined ? Object.values(mandateLevels) : [connectionMandate];
  const inCity = city === undefined ? {} : { cityKey: searchKey(city).trimEnd() };
  const groups = mandates.map((mandate) => ({ ...inCity, connectionMandate: mandate }));
  return { ...orderBy, groups, ...(name !== undefined && { prefix: searchKey(name) }) };
};

/** A connection or an e-mail address identifies the customers by itself, and no index combines it with another filter. */
const refuseOtherFilters = (query: ListQuery, alone: 'connectionId' | 'email') => {
  const filters = ['city', 'connectionMandate', 'name', 'connectionId', 'email'] as const;
  const otherFilters = filters.filter((filter) => filter !== alone && query[filter] !== undefined);
  if (query[alone] !== undefined && otherFilters.length > 0)
    throw unsupported(otherFilters[0] as string, `omit it: it cannot be combined with ${alone}`);
};

const unsupported = (field: string, expected: string) =>
  new DomainError('invalid-parameter', `${field}: ${expected}`, { errors: [{ field, expected }] });
