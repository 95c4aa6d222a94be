import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { byHerself, quirine } from '../../../tests/quirine.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { type CrmDatabase, openCrmDatabase } from '../../database/index.ts';
import { type CrmContext, registerCustomer } from '../change/change-customer.ts';
import { erasePerson } from './erase-person.ts';
import { listPendingErasures } from './erasure-job.ts';
import { createErasures } from './erasures.ts';
import type { Person } from './personal-data-source.ts';
import { deleteCustomer } from './remove-customer.ts';

let context: CrmContext;
beforeEach(async () => {
  context = { ...createTestRuntime(), db: await openTestDatabase(), onCommit: () => {} };
});

const register = async (connectionId: string, on = context) =>
  (await registerCustomer(on, { ...quirine, connectionId }, byHerself)).customer.customerId;

/** A place in which only the record finds a person; `fails` says whether it can be emptied now. */
const place = (fails: () => boolean = () => false) => {
  const erased: Person[] = [];
  const holding = {
    read: async function* () {},
    eraseInBatches: async (_db: Kysely<CrmDatabase>, person: Person) => {
      if (fails()) throw new Error('killed');
      erased.push(person);
    },
  };
  const erasuresOn = (db: Kysely<CrmDatabase>) => {
    const erasures = createErasures({ db, sources: { place: holding } });
    onTestFinished(() => erasures.close());
    return erasures;
  };
  return { erased, erasuresOn };
};

it('an erasure that broke off after its first transaction is completed by the next start, with what the record said', async () => {
  let isBroken = true;
  const { erased, erasuresOn } = place(() => isBroken);
  const id = await register('4711');
  await expect(erasePerson(context, erasuresOn(context.db), id)).rejects.toThrow('killed');
  expect(await listPendingErasures(context.db)).toMatchObject([{ person: { record: { lastName: quirine.lastName } } }]);
  isBroken = false;
  await erasuresOn(context.db).complete();
  expect(erased).toMatchObject([{ customerId: Number(id), record: { lastName: quirine.lastName } }]);
  expect(await listPendingErasures(context.db)).toEqual([]);
});

it('an erasure after a deletion that broke off still knows the record', async () => {
  let isBroken = true;
  const { erased, erasuresOn } = place(() => isBroken);
  const erasures = erasuresOn(context.db);
  const id = await register('4711');
  await deleteCustomer(context, id, undefined, erasures);
  isBroken = false;
  await erasePerson(context, erasures, id);
  expect(erased.at(-1)).toMatchObject({ customerId: Number(id), record: { firstName: quirine.firstName } });
  expect(await listPendingErasures(context.db)).toEqual([]);
});

it('erasures at once share the cleaning of the file', async () => {
  const db = await openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`);
  onTestFinished(() => db.destroy());
  const onFile = { ...context, db };
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) ids.push(await register(String(4711 + n), onFile));
  // VACUUM makes it one more.
  const vacuums = async () =>
    Number((await sql<object>`PRAGMA schema_version`.execute(db)).rows.flatMap(Object.values)[0]);
  const before = await vacuums();
  const { erasuresOn } = place();
  const erasures = erasuresOn(db);
  await Promise.all(ids.map((id) => erasePerson(onFile, erasures, id)));
  const done = (await vacuums()) - before;
  expect(done).toBeGreaterThanOrEqual(1);
  expect(done).toBeLessThanOrEqual(2);
});
