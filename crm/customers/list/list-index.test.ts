import { expect, it } from 'vitest';
import { openCrmDatabase } from '../../database/index.ts';
import { pageQuery } from './list-page.ts';
import { type ListQuery, planList, sorts } from './list-plan.ts';

const db = await openCrmDatabase('memory');

/** SQLite's query plan for a page in the middle of the list. */
const explain = async (query: ListQuery) => {
  const plan = planList(query);
  const key = { customerId: undefined, nameKey: 'jansen jo', updatedAt: 20 }[plan.key];
  const after = { customerId: 7, ...(key !== undefined && { key }) };
  const compiled = pageQuery(db, plan, { after, limit: 10 }).compile();
  const { rows } = await db.executeQuery<{ id: number; parent: number; detail: string }>({
    ...compiled,
    sql: `explain query plan ${compiled.sql}`,
  });
  const rangeIds = rows.filter(({ detail }) => detail === 'CO-ROUTINE indexRange').map(({ id }) => id);
  return {
    expected: plan.groups.length * (key === undefined ? 1 : 2),
    ranges: rows.filter(({ parent }) => rangeIds.includes(parent)).map(({ detail }) => detail),
  };
};

it.each<ListQuery>([
  ...sorts.map((sort) => ({ sort })),
  { city: 'Delft' },
  { connectionMandate: '1' },
  { name: 'jan' },
  { city: 'Delft', connectionMandate: '1', name: 'jan', sort: '-name' },
  { email: 'one@example.org' },
  { connectionId: 'C7' },
])('reads each range of a list from an index, without sorting it: %j', async (query) => {
  const { ranges, expected } = await explain(query);
  expect(ranges).toHaveLength(expected);
  for (const step of ranges) expect(step).toMatch(/^SEARCH customer USING .*\(.*\)$/);
});
