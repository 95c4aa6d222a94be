import { describe, expect, it } from 'vitest';
import { type ListQuery, planList } from './list-plan.ts';

const filters: Required<Omit<ListQuery, 'sort'>> = {
  city: 'Delft',
  connectionMandate: '1',
  name: 'lop',
  connectionId: '7733',
  email: 'corinne@example.org',
};

describe('a list of customers', () => {
  it.each<[ListQuery, string]>([
    [{}, 'customerId'],
    [{ sort: '-customerId' }, 'customerId'],
    [{ sort: 'name' }, 'nameKey'],
    [{ sort: '-updatedAt' }, 'updatedAt'],
    [{ connectionId: '7733' }, 'customerId'],
    [{ email: filters.email, sort: '-customerId' }, 'customerId'],
    [{ city: 'Delft' }, 'nameKey'],
    [{ city: 'Delft', connectionMandate: '1', name: 'lop', sort: '-name' }, 'nameKey'],
  ])('is read in the order of one key: %j', (query, key) =>
    expect(planList(query)).toMatchObject({ key, isDescending: query.sort?.startsWith('-') ?? false }));

  it('is filtered by folded names and cities', () =>
    expect(planList({ city: 'ENSCHEDÉ', connectionMandate: '2', name: "O'B" })).toMatchObject({
      groups: [{ cityKey: 'enschede', connectionMandate: '2' }],
      prefix: 'ob',
    }));

  it('merges one group per mandate when the query names no mandate', () =>
    expect(planList({ city: 'Delft' }).groups).toEqual(
      ['0', '1', '2'].map((connectionMandate) => ({ cityKey: 'delft', connectionMandate })),
    ));

  it.each<[ListQuery, string, string]>([
    [{ city: 'Delft', sort: 'customerId' }, 'sort', 'name, -name'],
    [{ name: 'lop', sort: 'updatedAt' }, 'sort', 'name, -name'],
    [{ email: filters.email, sort: 'name' }, 'sort', 'customerId, -customerId'],
    [{ email: filters.email, city: 'Delft' }, 'city', 'cannot be combined with email'],
    [{ connectionId: '7733', name: 'lop' }, 'name', 'cannot be combined with connectionId'],
    [{ connectionId: '7733', email: filters.email }, 'email', 'cannot be combined with connectionId'],
  ])('is refused when no index supports it, with the possible alternatives: %j', (query, field, expected) =>
    expect(() => planList(query)).toThrow(
      expect.objectContaining({
        code: 'invalid-parameter',
        errors: [{ field, expected: expect.stringContaining(expected) }],
      }),
    ));
});
