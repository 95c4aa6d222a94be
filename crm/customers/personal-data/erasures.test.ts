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

/** A source of personal data that erases in batches. It throws as long as `isFailing` returns true. */
const createSource = (isFailing: () => boolean = () => false) => {
  const erased: Person[] = [];
  const source = {
    read: async function* () {},
    eraseInBatches: async (_db: Kysely<CrmDatabase>, person: Person) => {
      if (isFailing()) throw new Error('killed');
      erased.push(person);
    },
  };
  const erasuresOn = (db: Kysely<CrmDatabase>) => {
    const erasures = createErasures({ db, sources: { source } });
    onTestFinished(() => erasures.close());
    return erasures;
  };
  return { erased, erasuresOn };
};

it('completes an erasure that was killed after its first transaction at the next start, with the deleted record', async () => {
  let isBroken = true;
  const { erased, erasuresOn } = createSource(() => isBroken);
  const id = await register('4711');
  await expect(erasePerson(context, erasuresOn(context.db), id)).rejects.toThrow('killed');
  expect(await listPendingErasures(context.db)).toMatchObject([{ person: { record: { lastName: quirine.lastName } } }]);
  isBroken = false;
  await erasuresOn(context.db).complete();
  expect(erased).toMatchObject([{ customerId: Number(id), record: { lastName: quirine.lastName } }]);
  expect(await listPendingErasures(context.db)).toEqual([]);
});

it('erases a person with the deleted record after a deletion that was not completed', async () => {
  let isBroken = true;
  const { erased, erasuresOn } = createSource(() => isBroken);
  const erasures = erasuresOn(context.db);
  const id = await register('4711');
  await deleteCustomer(context, id, undefined, erasures);
  isBroken = false;
  await erasePerson(context, erasures, id);
  expect(erased.at(-1)).toMatchObject({ customerId: Number(id), record: { firstName: quirine.firstName } });
  expect(await listPendingErasures(context.db)).toEqual([]);
});

it('purges the database file once or twice for six simultaneous erasures', async () => {
  const db = await openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`);
  onTestFinished(() => db.destroy());
  const onFile = { ...context, db };
  const ids: string[] = [];
  for (let n = 0; n < 6; n++) ids.push(await register(String(4711 + n), onFile));
  // Each VACUUM increments the schema version.
  const countVacuums = async () =>
    Number((await sql<object>`PRAGMA schema_version`.execute(db)).rows.flatMap(Object.values)[0]);
  const before = await countVacuums();
  const { erasuresOn } = createSource();
  const erasures = erasuresOn(db);
  await Promise.all(ids.map((id) => erasePerson(onFile, erasures, id)));
  const done = (await countVacuums()) - before;
  expect(done).toBeGreaterThanOrEqual(1);
  expect(done).toBeLessThanOrEqual(2);
});
