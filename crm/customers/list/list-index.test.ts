import { expect, it } from 'vitest';
import { openCrmDatabase } from '../../database/index.ts';
import { pageQuery } from './list-page.ts';
import { type ListQuery, planList, sorts } from './list-plan.ts';

const db = await openCrmDatabase('memory');

/** What SQLite says it would do for a page in the midst of the list. */
const explain = async (asked: ListQuery) => {
  const plan = planList(asked);
  const key = { customerId: undefined, nameKey: 'jansen jo', updatedAt: 20 }[plan.key];
  const after = { customerId: 7, ...(key !== undefined && { key }) };
  const query = pageQuery(db, plan, { after, limit: 10 }).compile();
  const { rows } = await db.executeQuery<{ id: number; parent: number; detail: string }>({
    ...query,
    sql: `explain query plan ${query.sql}`,
  });
  const stretches = rows.filter(({ detail }) => detail === 'CO-ROUTINE stretch').map(({ id }) => id);
  return {
    expected: plan.groups.length * (key === undefined ? 1 : 2),
    stretches: rows.filter(({ parent }) => stretches.includes(parent)).map(({ detail }) => detail),
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
])('each stretch of a list is looked up in an index, and nothing of it is sorted: %j', async (asked) => {
  const { stretches, expected } = await explain(asked);
  expect(stretches).toHaveLength(expected);
  for (const step of stretches) expect(step).toMatch(/^SEARCH customer USING .*\(.*\)$/);
});
