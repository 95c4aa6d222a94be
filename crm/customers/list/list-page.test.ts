import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import type { CustomerTable } from '../../database/index.ts';
import { searchKeys } from '../search-keys.ts';
import type { Cursor } from './list-cursor.ts';
import { countCustomers, listPage } from './list-page.ts';
import { type ListQuery, planList, type Sort, sorts } from './list-plan.ts';

/** Few different names, cities and times, so that many customers share them. */
const names = ['Jansen', 'jansen', 'Jánsen', 'de Vries', 'Devries', "d'Ancona", 'Özil', '𐐷', '李'];
const cities = ['Delft', 'DELFT', 'Ede', '’s-Hertogenbosch'];
const pick = <T>(from: readonly T[], n: number) => from[n % from.length] as T;
const rows = Array.from({ length: 300 }, (_, n) => {
  const person = {
    firstName: pick(['Jo', 'Al', 'Zoë'], n * 7),
    lastName: pick(names, n * 11),
    city: pick(cities, n * 13),
  };
  return {
    ...person,
    ...searchKeys(person),
    customerId: n + 1,
    connectionId: `C${n}`,
    connectionMandate: pick(['0', '1', '2'] as const, n * 5 + (n >> 3)),
    email: pick([null, 'one@example.org', 'two@example.org'], n),
    phone: null,
    createdAt: 1,
    updatedAt: pick([10, 20, 30], n * 3),
    version: 1,
    revision: 1,
  };
});

const openFilledDatabase = async () => {
  const db = await openTestDatabase();
  await db.insertInto('customer').values(rows).execute();
  return db;
};

/** The expected list, computed from all rows. */
const expectedIds = ({ city, connectionMandate, name, connectionId, email, sort }: ListQuery) => {
  const keys = searchKeys({ firstName: '', lastName: name ?? '', city: city ?? '' });
  const by = sort?.replace('-', '') ?? (city || connectionMandate || name ? 'name' : 'customerId');
  const key = (by === 'name' ? 'nameKey' : by) as keyof CustomerTable;
  const direction = sort?.startsWith('-') ? -1 : 1;
  const order = (a: unknown, b: unknown) =>
    typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) : Number(a) - Number(b);
  return rows
    .filter(
      (row) =>
        (!city || row.cityKey === keys.cityKey) &&
        (!connectionMandate || row.connectionMandate === connectionMandate) &&
        (!name || row.nameKey.startsWith(keys.nameKey)) &&
        (!connectionId || row.connectionId === connectionId) &&
        (!email || row.email === email),
    )
    .sort((a, b) => direction * (order(a[key], b[key]) || a.customerId - b.customerId))
    .map(({ customerId }) => String(customerId));
};

const optional = <T>(...values: T[]) => fc.constantFrom(undefined, ...values);
const byName = fc.record({
  city: optional('delft', 'Ede', 'Nowhere'),
  connectionMandate: optional('0', '2'),
  name: optional('jan', 'DE', 'de vries', 'dancona jo', 'zz'),
  sort: optional<Sort>('name', '-name'),
});
const others = fc.oneof(
  fc.record({ sort: optional<Sort>(...sorts) }),
  fc.record({ email: fc.constantFrom('one@example.org', 'unknown@example.org'), sort: optional<Sort>('-customerId') }),
  fc.record({ connectionId: fc.constantFrom('C7', 'C999') }),
);
const anyList = fc.oneof(byName, others) as fc.Arbitrary<ListQuery>;

describe('a list, page by page', () => {
  it('contains every matching customer once, in order', async () => {
    const db = await openFilledDatabase();
    await fc.assert(
      fc.asyncProperty(anyList, fc.integer({ min: 1, max: 120 }), async (query, limit) => {
        const plan = planList(query);
        const seen: string[] = [];
        let after: Cursor | undefined;
        do {
          const page = await listPage(db, plan, { after, limit });
          expect(page.items.length).toBeLessThanOrEqual(limit);
          seen.push(...page.items.map(({ customerId }) => customerId));
          after = page.next;
        } while (after);
        expect(seen).toEqual(expectedIds(query));
        expect(await countCustomers(db, plan, undefined)).toBe(seen.length);
        expect(await countCustomers(db, plan, 50)).toBe(seen.length > 50 ? undefined : seen.length);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  it('neither repeats nor hides customers when others are deleted between two pages', async () => {
    const db = await openFilledDatabase();
    await db
      .transaction()
      .execute(async (trx) => {
        const plan = planList({ sort: 'name' });
        const first = await listPage(trx, plan, { limit: 100 });
        const last = first.items.at(-1)?.customerId;
        await trx
          .deleteFrom('customer')
          .where('customerId', 'in', [Number(last), 1, 2])
          .execute();
        const rest = await listPage(trx, plan, { after: first.next, limit: 1000 });
        const excluded = new Set([...first.items.map(({ customerId }) => customerId), '1', '2']);
        expect(rest.items.map(({ customerId }) => customerId)).toEqual(
          expectedIds({ sort: 'name' }).filter((id) => !excluded.has(id)),
        );
        throw new Error('roll back');
      })
      .catch((error: Error) => expect(error.message).toBe('roll back'));
  });
});
