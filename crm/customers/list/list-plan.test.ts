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
  ])('is read by one key: %j', (asked, key) =>
    expect(planList(asked)).toMatchObject({ key, descending: asked.sort?.startsWith('-') ?? false }));

  it('is found as people write names', () =>
    expect(planList({ city: 'ENSCHEDÉ', connectionMandate: '2', name: "O'B" })).toMatchObject({
      groups: [{ cityKey: 'enschede', connectionMandate: '2' }],
      prefix: 'ob',
    }));

  it('merges the mandates where any will do', () =>
    expect(planList({ city: 'Delft' }).groups).toEqual(
      ['0', '1', '2'].map((connectionMandate) => ({ cityKey: 'delft', connectionMandate })),
    ));

  it.each<[ListQuery, string, string]>([
    [{ city: 'Delft', sort: 'customerId' }, 'sort', 'name, -name'],
    [{ name: 'lop', sort: 'updatedAt' }, 'sort', 'name, -name'],
    [{ email: filters.email, sort: 'name' }, 'sort', 'customerId, -customerId'],
    [{ email: filters.email, city: 'Delft' }, 'city', 'nothing beside email'],
    [{ connectionId: '7733', name: 'lop' }, 'name', 'nothing beside connectionId'],
    [{ connectionId: '7733', email: filters.email }, 'email', 'nothing beside connectionId'],
  ])('is refused where no index serves it, naming what is possible: %j', (asked, field, expected) =>
    expect(() => planList(asked)).toThrow(
      expect.objectContaining({
        code: 'invalid-parameter',
        errors: [{ field, expected: expect.stringContaining(expected) }],
      }),
    ));
});
