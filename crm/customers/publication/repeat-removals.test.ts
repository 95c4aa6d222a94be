import { beforeEach, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { quirine } from '../../../tests/quirine.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';
import { type CrmContext, inTransaction, registerCustomer } from '../change/change-customer.ts';
import { apiOrigin } from '../change/mandate-changes.ts';
import { writeCustomers } from '../change/write-customers.ts';
import { erasePerson } from '../personal-data/erase-person.ts';
import { createErasures } from '../personal-data/erasures.ts';
import { deleteCustomer } from '../personal-data/remove-customer.ts';
import { customerDataSources } from '../personal-data/sources.ts';
import { repeatRemovals } from './repeat-removals.ts';

const { segmentMs } = topics.customers.compaction;
const minuteMs = 60_000;

const runtime = createTestRuntime();
let context: CrmContext;
beforeEach(async () => {
  runtime.setClock(noon);
  context = { ...runtime, db: await openTestDatabase(), onCommit: () => {} };
});

const register = async (connectionId: string) =>
  (await registerCustomer(context, { ...quirine, connectionId })).customer.customerId;
const erase = (customerId: string) =>
  erasePerson(context, createErasures({ db: context.db, sources: customerDataSources }), customerId);
/** Publishes what waits, runs the hourly work at `time`, and reads what it appended. */
const repeatAt = async (time: number) => {
  await context.db.deleteFrom('outbox').execute();
  runtime.setClock(time);
  await repeatRemovals(context);
  return (await readWaiting<{ data: object }>(context.db, topics.customers)).map(({ key, event }) => [
    key,
    event?.data,
  ]);
};
const deleted = (customerId: string, at: number) => ({
  ...{ customerId, version: 2, record: null },
  ...{ createdAt: new Date(noon).toISOString(), updatedAt: new Date(at).toISOString() },
});

it('repeats the last record of deleted and erased customers once, when their segment can be closed', async () => {
  const [kept, removed, erased] = [await register('1'), await register('2'), await register('3')];
  await deleteCustomer(context, removed);
  await erase(erased);
  expect(kept).toBe('1');
  expect(await repeatAt(noon + segmentMs + minuteMs - 1)).toEqual([]);
  expect(await repeatAt(noon + segmentMs + minuteMs)).toEqual([
    ['2', deleted('2', noon)],
    ['3', undefined],
  ]);
  expect(await repeatAt(noon + 10 * segmentMs)).toEqual([]);
});

it('repeats a deletion and the erasure that follows it, each after its own time', async () => {
  const id = await register('1');
  await deleteCustomer(context, id);
  expect(await repeatAt(noon + 2 * segmentMs)).toEqual([[id, deleted(id, noon)]]);
  await erase(id);
  expect(await repeatAt(noon + 3 * segmentMs)).toEqual([]);
  expect(await repeatAt(noon + 4 * segmentMs)).toEqual([[id, undefined]]);
});

it('repeats nothing of a customer that was registered again', async () => {
  const id = await register('1');
  await deleteCustomer(context, id);
  const again = { after: quirine, customerId: id };
  await inTransaction(context, (trx) => writeCustomers(trx, [again], { ...context, ...apiOrigin }));
  expect(await repeatAt(noon + 2 * segmentMs)).toEqual([]);
});

it('repeats hundreds of removals', async () => {
  const ids: string[] = [];
  for (let n = 0; n < 205; n++) ids.push(await register(`${n}`));
  for (const id of ids) await deleteCustomer(context, id);
  expect((await repeatAt(noon + 2 * segmentMs)).map(([id]) => id)).toEqual(ids);
});
