import { describe, expect, it } from 'vitest';
import { listPath, planFilters } from './filters.ts';

describe('the filters of the list of customers', () => {
  it('are all free at first', () => {
    expect(planFilters({})).toMatchObject({ excluded: [], reason: '' });
    expect(planFilters({}).sorts).toContain('-updatedAt');
  });

  it('combine name, city and mandate, but not with an e-mail address or a connection', () => {
    expect(planFilters({ city: 'Delft' })).toMatchObject({
      excluded: ['email', 'connectionId'],
      sorts: ['name', '-name'],
    });
    expect(planFilters({ email: 'eva@example.org' }).excluded).toEqual([
      'name',
      'city',
      'connectionMandate',
      'connectionId',
    ]);
    expect(planFilters({ connectionId: '7733' }).reason).toMatch(/^A connection is searched alone/);
  });

  it('make the query, without a sort order that they do not allow', () => {
    expect(listPath({ name: "O'Neil & Co", connectionMandate: '2' }, '-name')).toBe(
      '/customers?name=O%27Neil+%26+Co&connectionMandate=2&sort=-name',
    );
    expect(listPath({ city: 'Delft' }, 'updatedAt')).toBe('/customers?city=Delft');
    expect(listPath({}, '')).toBe('/customers?');
  });
});
