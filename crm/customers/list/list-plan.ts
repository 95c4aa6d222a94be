import { mandateLevels } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { searchKey } from '../search-keys.ts';

export const sorts = ['customerId', '-customerId', 'name', '-name', 'updatedAt', '-updatedAt'] as const;
export type Sort = (typeof sorts)[number];
type Mandate = '0' | '1' | '2';

/** Which customers, and in which order; `name` is the beginning of last and first name. */
export type ListQuery = {
  readonly city?: string | undefined;
  readonly connectionMandate?: Mandate | undefined;
  readonly name?: string | undefined;
  readonly connectionId?: string | undefined;
  readonly email?: string | undefined;
  readonly sort?: Sort | undefined;
};

/** What rows have in common. */
export type RowGroup = Partial<Record<'cityKey' | 'email' | 'connectionId', string> & { connectionMandate: Mandate }>;

/**
 * How a list is read: rows that are alike, in the order of one key. Each of `alike` is one stretch of an index, and the
 * list is their merger.
 */
export type ListPlan = {
  readonly key: 'customerId' | 'nameKey' | 'updatedAt';
  readonly descending: boolean;
  readonly groups: readonly RowGroup[];
  /** Only keys that begin so. */
  readonly prefix?: string;
};

const keys = { customerId: 'customerId', name: 'nameKey', updatedAt: 'updatedAt' } as const;

/** Which orders there are for what was asked: the first is the usual one. */
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

/** @throws DomainError invalid-parameter where no index serves this, naming what is possible */
export const planList = (asked: ListQuery): ListPlan => {
  const { city, connectionMandate, name, connectionId, email, sort } = asked;
  refuseOtherFilters(asked, 'connectionId');
  refuseOtherFilters(asked, 'email');
  const possible = possibleOrders(asked);
  const order = (sort ?? possible[0] ?? 'customerId').replace('-', '') as keyof typeof keys;
  if (!possible.includes(order))
    throw unsupported('sort', `${possible.flatMap((by) => [by, `-${by}`]).join(', ')} with these filters`);
  const orderBy = { key: keys[order], descending: sort?.startsWith('-') ?? false };
  if (order !== 'name')
    return { ...orderBy, groups: [{ ...(connectionId && { connectionId }), ...(email && { email }) }] };
  // The indexes by name begin with the mandate: without it the list is that of each mandate, merged.
  const mandates = connectionMandate === undefined ? Object.values(mandateLevels) : [connectionMandate];
  const inCity = city === undefined ? {} : { cityKey: searchKey(city).trimEnd() };
  const groups = mandates.map((mandate) => ({ ...inCity, connectionMandate: mandate }));
  return { ...orderBy, groups, ...(name !== undefined && { prefix: searchKey(name) }) };
};

/** Who asks for the one connection, or for an address, has the customer. */
const refuseOtherFilters = (asked: ListQuery, alone: 'connectionId' | 'email') => {
  const filters = ['city', 'connectionMandate', 'name', 'connectionId', 'email'] as const;
  const otherFilters = filters.filter((filter) => filter !== alone && asked[filter] !== undefined);
  if (asked[alone] !== undefined && otherFilters.length > 0)
    throw unsupported(otherFilters[0] as string, `nothing beside ${alone}, which no other filter goes with`);
};

const unsupported = (field: string, expected: string) =>
  new DomainError('invalid-parameter', `${field}: ${expected}`, { errors: [{ field, expected }] });
