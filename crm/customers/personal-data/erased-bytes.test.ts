import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSqlite } from '../../../packages/database/sqlite.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { liveAsQuirine, traces } from '../../../tests/quirine.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { personalDataSources } from '../../app.ts';
import { openCrmDatabase } from '../../database/index.ts';
import { createOrder } from '../../orders/change-order.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { apiOrigin } from '../change/mandate-changes.ts';
import { writeCustomers } from '../change/write-customers.ts';
import { erasePerson } from './erase-person.ts';
import { createErasures } from './erasures.ts';

let folder: string;
let file: string;
let context: CrmContext;
beforeEach(async () => {
  folder = dataFolder();
  file = join(folder, 'crm.sqlite');
  context = { ...createTestRuntime(), db: await openCrmDatabase(`sqlite:${file}`), onCommit: () => {} };
});
afterEach(() => context.db.destroy());

const erase = (customerId: string) =>
  erasePerson(context, createErasures({ db: context.db, sources: personalDataSources }), customerId);

/** Finds which texts are anywhere in the bytes of the database file and its write-ahead log. */
const findTexts = (texts: readonly string[]) => {
  const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name))));
  return texts.filter((text) => bytes.includes(text));
};

it('leaves no byte that names an erased person', async () => {
  const id = await liveAsQuirine(context);
  expect(findTexts(traces)).toEqual(traces);
  await erase(id);
  expect(findTexts(traces)).toEqual([]);
});

it('leaves no byte of the places to which orders of the person are delivered', async () => {
  const id = await liveAsQuirine(context);
  const data = { customerId: id, productId: 'p1', quantity: 1, expectedDeliveryDate: '2026-12-24' };
  const places = Array.from({ length: 300 }, (_, n) => `${'zyxwvuts'[(n * 5) % 8]}-dock-${n}-`);
  for (const place of places)
    await createOrder(context, { data: { ...data, unitPrice: { amount: 1, currency: 'EUR' } }, place });
  expect(findTexts(places)).toEqual(places);
  await erase(id);
  expect(findTexts(places)).toEqual([]);
  expect(await context.db.selectFrom('customerOrder').select('place').distinct().execute()).toEqual([{ place: null }]);
});

it('leaves no byte that names a customer who was deleted before', async () => {
  const marks = Array.from({ length: 100 }, (_, n) => `${'zyxwvuts'[(n * 5) % 8]}-mark-${n}-`);
  await inTransaction(context, async (trx) => {
    for (const [n, mark] of marks.entries()) {
      const names = { firstName: 'Ada', lastName: mark, city: mark, email: `${mark}@example.org`, phone: null };
      const data = { ...names, connectionId: `${n}`, connectionMandate: '0' as const };
      await writeCustomers(trx, [{ after: data }], { ...context, ...apiOrigin });
    }
  });
  await context.db.deleteFrom('customer').execute();
  await context.db.deleteFrom('outbox').execute();
  expect(findTexts(marks)).toEqual(marks);
  await erase('1');
  expect(findTexts(marks)).toEqual([]);
});

it('fails while another process reads the old pages, and a repetition finishes the erasure', async () => {
  const id = await liveAsQuirine(context);
  const other = openSqlite(file);
  other.exec('BEGIN');
  other.prepare('SELECT * FROM customer').all();
  await expect(erase(id)).rejects.toMatchObject({ code: 'database-in-use' });
  expect(findTexts(traces)).not.toEqual([]);
  other.exec('COMMIT');
  await erase(id);
  expect(findTexts(traces)).toEqual([]);
  other.close();
});
