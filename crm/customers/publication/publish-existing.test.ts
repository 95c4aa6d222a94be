import { beforeEach, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';
import { type CrmContext, changeCustomer, inTransaction, registerCustomer } from '../change/change-customer.ts';
import { apiOrigin } from '../change/mandate-changes.ts';
import { writeCustomers } from '../change/write-customers.ts';
import { deleteCustomer } from '../personal-data/remove-customer.ts';
import { startPublishingExisting } from './publish-existing.ts';

const customers = 250;
const data = {
  firstName: 'Eva',
  lastName: 'Vos',
  city: 'Delft',
  email: null,
  phone: null,
  connectionMandate: '1',
} as const;

const runtime = createTestRuntime();
let context: CrmContext;
/** A database of the release before: its customers were never published. */
beforeEach(async () => {
  runtime.setClock(noon);
  context = { ...runtime, db: await openTestDatabase(), onCommit: () => {} };
  const writes = Array.from({ length: customers }, (_, n) => ({ after: { ...data, connectionId: `${n + 1}` } }));
  await inTransaction(context, (trx) => writeCustomers(trx, writes, { ...context, ...apiOrigin }));
  runtime.setClock(noon + 1_000);
  await changeCustomer(context, '7', (before) => ({ ...before, city: 'Gouda' }));
  await deleteCustomer(context, '8');
  await context.db.updateTable('customer').set({ revision: 0 }).execute();
  await context.db.deleteFrom('formerCustomer').execute();
  await context.db.deleteFrom('outbox').execute();
  runtime.setClock(noon + 5_000);
});

const publish = () => startPublishingExisting({ ...context, log: runtime.log }).done;
const readStates = () =>
  readWaiting<{ data: { record: { city: string } }; sequence: string; time: string }>(context.db, topics.customers);
const readRegistrations = () =>
  readWaiting<{ time: string; sequence: string }>(context.db, topics.customerRegistrations);
const at = (ms: number) => new Date(ms).toISOString();

it('publishes the customers of an older release once, with their original times', async () => {
  await publish();
  await publish();
  const states = await readStates();
  const others = Array.from({ length: customers }, (_, n) => `${n + 1}`).filter((id) => id !== '8');
  expect(states.map(({ key }) => key)).toEqual(others);
  expect(states[0]?.event).toMatchObject({ sequence: `${noon}`, time: at(noon), data: { version: 1 } });
  expect(states[6]?.event).toMatchObject({
    sequence: `${noon + 1_000}`,
    time: at(noon + 1_000),
    data: { version: 2, createdAt: at(noon), record: { city: 'Gouda', connectionId: '7' } },
  });
  const registrations = await readRegistrations();
  expect(registrations.map(({ key }) => key)).toEqual(others);
  expect(new Set(registrations.map(({ event }) => event?.time))).toEqual(new Set([at(noon)]));
});

it('leaves a customer that is changed meanwhile to its change', async () => {
  await Promise.all([publish(), changeCustomer(context, '249', (before) => ({ ...before, city: 'Ede' }))]);
  const states = (await readStates()).filter(({ key }) => key === '249');
  expect(states.at(-1)?.event).toMatchObject({ sequence: `${noon + 5_000}`, data: { record: { city: 'Ede' } } });
  expect((await readRegistrations()).filter(({ key }) => key === '249')).toHaveLength(1);
});

it('publishes one without a time, as the first release stored it', async () => {
  await context.db.updateTable('customer').set({ createdAt: 0, updatedAt: 0 }).where('customerId', '=', 3).execute();
  await publish();
  const [state] = (await readStates()).filter(({ key }) => key === '3');
  expect(state?.event).toMatchObject({ sequence: '1', time: at(0) });
  const stored = await context.db.selectFrom('customer').select('revision').where('customerId', '=', 3).execute();
  expect(stored.map(({ revision }) => Number(revision))).toEqual([1]);
});

it('publishes nothing in a database of this release, and stops when it is closed', async () => {
  const { close } = startPublishingExisting({ ...context, log: runtime.log });
  await close();
  const published = (await readStates()).length;
  expect(published).toBeLessThan(customers);
  await publish();
  await context.db.deleteFrom('outbox').execute();
  await registerCustomer(context, { ...data, connectionId: '9001' });
  await publish();
  expect(await readStates()).toHaveLength(1);
});
