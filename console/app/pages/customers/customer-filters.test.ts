import { describe, expect, it } from 'vitest';
import { customersPath, planCustomers } from './customer-filters.ts';

const sortsFor = (filters: Parameters<typeof planCustomers>[0]) => planCustomers(filters).sorts.map(([sort]) => sort);

describe('the filters of the list of customers', () => {
  it('are all free at first', () => {
    expect(planCustomers({})).toMatchObject({ excluded: [], reason: '' });
    expect(sortsFor({ sort: '-name' })).toContain('-updatedAt');
  });

  it('combine name, city and mandate, but not with an e-mail address or a connection', () => {
    expect(planCustomers({ city: 'Delft' }).excluded).toEqual(['email', 'connectionId']);
    expect(sortsFor({ city: 'Delft' })).toEqual(['name', '-name']);
    expect(planCustomers({ email: 'eva@example.org' }).excluded).toEqual([
      'name',
      'city',
      'connectionMandate',
      'connectionId',
    ]);
    expect(planCustomers({ connectionId: '7733' }).reason).toMatch(/^A connection is searched alone/);
  });

  it('make the query, without a sort order that they do not allow', () => {
    expect(customersPath({ name: "O'Neil & Co", connectionMandate: '2', sort: '-name' })).toBe(
      '/customers?name=O%27Neil+%26+Co&connectionMandate=2&sort=-name',
    );
    expect(customersPath({ city: 'Delft', sort: 'updatedAt' })).toBe('/customers?city=Delft');
    expect(customersPath({})).toBe('/customers?');
  });
});
