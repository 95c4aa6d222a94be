import type { Kysely } from 'kysely';
import { planList, type Sort, writeCursor } from '../../crm/customers/index.ts';
import type { CrmDatabase } from '../../crm/database/index.ts';

type Row = Awaited<ReturnType<typeof readCustomer>>;

/** The documented lists, each with filters that find a given customer. */
const lists: Record<string, (row: Row) => Record<string, string>> = {
  'no filter': () => ({}),
  '`sort=-customerId`': () => ({ sort: '-customerId' }),
  '`sort=name`': () => ({ sort: 'name' }),
  '`sort=-name`': () => ({ sort: '-name' }),
  '`sort=updatedAt`': () => ({ sort: 'updatedAt' }),
  '`sort=-updatedAt`': () => ({ sort: '-updatedAt' }),
  '`city`': ({ city }) => ({ city }),
  '`connectionMandate`': ({ connectionMandate }) => ({ connectionMandate }),
  '`name`, one letter': ({ lastName }) => ({ name: lastName.slice(0, 1) }),
  '`name`, three letters, `sort=-name`': ({ lastName }) => ({ name: lastName.slice(0, 3), sort: '-name' }),
  '`city`, `connectionMandate`': ({ city, connectionMandate }) => ({ city, connectionMandate }),
  '`city`, `connectionMandate`, `name`': ({ city, connectionMandate, lastName }) => ({
    city,
    connectionMandate,
    name: lastName.slice(0, 2),
  }),
  '`connectionId`': ({ connectionId }) => ({ connectionId }),
  '`email`': ({ customerId, email }) => ({ email: email ?? `customer${customerId}@example.org` }),
};

const readCustomer = (db: Kysely<CrmDatabase>, customerId: number) =>
  db.selectFrom('customer').selectAll().where('customerId', '=', customerId).executeTakeFirstOrThrow();

export type ListLatency = { list: string; p50: number; p95: number; max: number; pages: number };

/** Requests pages of 100 of each list, one after the other: first the first page, then pages at random places. */
export async function* measureLists(
  db: Kysely<CrmDatabase>,
  url: string,
  { rows, pages, random }: { rows: number; pages: number; random: () => number },
): AsyncGenerator<ListLatency> {
  for (const [list, filtersOf] of Object.entries(lists)) {
    const took: number[] = [];
    for (let page = 0; page < pages; page++) {
      const row = await readCustomer(db, 1 + Math.floor(random() * rows));
      const filters = filtersOf(row);
      const { key } = planList({ ...filters, sort: filters.sort as Sort | undefined });
      const cursor = { customerId: row.customerId, ...(key !== 'customerId' && { key: row[key] }) };
      const query = new URLSearchParams({ ...filters, limit: '100', ...(page > 0 && { after: writeCursor(cursor) }) });
      const started = performance.now();
      const response = await fetch(`${url}/customers?${query}`);
      const body = (await response.json()) as { items?: unknown[] };
      took.push(performance.now() - started);
      if (response.status !== 200 || !body.items) throw new Error(`${query}: ${response.status}`);
    }
    took.sort((a, b) => a - b);
    const at = (share: number) => took[Math.min(took.length - 1, Math.floor(took.length * share))] as number;
    yield { list, p50: at(0.5), p95: at(0.95), max: took.at(-1) as number, pages };
  }
}
