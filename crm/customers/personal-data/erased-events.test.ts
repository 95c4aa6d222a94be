import { beforeEach, describe, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { asObject } from '../../../tests/exported.ts';
import { byHerself, liveAsQuirine, marriedName, quirine, traces } from '../../../tests/quirine.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';
import { type CrmContext, registerCustomer } from '../change/change-customer.ts';
import { erasePerson } from './erase-person.ts';
import { createErasures } from './erasures.ts';
import { exportPerson } from './export-person.ts';
import { deleteCustomer } from './remove-customer.ts';
import { customerDataSources } from './sources.ts';

const runtime = createTestRuntime();
let context: CrmContext;
beforeEach(async () => {
  runtime.setClock(noon);
  context = { ...runtime, db: await openTestDatabase(), onCommit: () => {} };
});

const erase = (customerId: string) =>
  erasePerson(context, createErasures({ db: context.db, sources: customerDataSources }), customerId, byHerself);
const readStates = () => readWaiting(context.db, topics.customers);
const tombstone = (key: string) => ({ id: expect.any(String), key, event: undefined });
const publishAll = () => context.db.deleteFrom('outbox').execute();

describe('the states of a customer in the outbox', () => {
  it('are in the export, as long as they wait', async () => {
    const id = await liveAsQuirine(context);
    const exportStates = async () =>
      (await asObject(await exportPerson(context, customerDataSources, id))).waitingCustomerEvents;
    const names = { firstName: 'Quirine', lastName: 'Vandenzwaluw', connectionId: '4711' };
    expect(await exportStates()).toMatchObject([
      { subject: id, data: { record: names } },
      { data: { record: { ...names, lastName: marriedName } } },
      { data: { record: { ...names, lastName: marriedName, connectionId: '4712' } } },
    ]);
    await publishAll();
    expect(await exportStates()).toEqual([]);
  });

  it('are replaced by a tombstone when the person is erased, and those of others stay', async () => {
    const id = await liveAsQuirine(context);
    await registerCustomer(context, { ...quirine, connectionId: '5001', firstName: 'Ada' });
    await erase(id);
    const states = await readStates();
    expect(states).toMatchObject([{ key: '2', event: { data: { record: { firstName: 'Ada' } } } }, tombstone(id)]);
    const own = JSON.stringify(states.filter(({ key }) => key === id));
    expect(traces.filter((trace) => own.includes(trace))).toEqual([]);
    expect((await asObject(await exportPerson(context, customerDataSources, id))).waitingCustomerEvents).toEqual([]);
  });

  it('end with a tombstone when a deleted customer is erased, and when an erasure is repeated', async () => {
    const id = await liveAsQuirine(context);
    await deleteCustomer(context, id, byHerself);
    await publishAll();
    for (const _ of ['erasure', 'repetition']) {
      await erase(id);
      expect(await readStates()).toEqual([tombstone(id)]);
      await publishAll();
    }
  });

  it('end with a tombstone for a customer that an older release has deleted', async () => {
    const id = await liveAsQuirine(context);
    await deleteCustomer(context, id, byHerself);
    await context.db.deleteFrom('formerCustomer').execute();
    await publishAll();
    await erase(id);
    expect(await readStates()).toEqual([tombstone(id)]);
  });
});
