import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseCustomerChange } from '../../../contracts/events/customer-changed/upcasters.ts';
import { parseCustomerRegistration } from '../../../contracts/events/customer-registered/upcasters.ts';
import { topics } from '../../../contracts/topics.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { corinne, molly } from '../../../tests/lab-customers.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';
import { type CustomerData, customerDataSchema } from '../customer.ts';
import { findCustomer } from '../find-customers.ts';
import { deleteCustomer } from '../personal-data/remove-customer.ts';
import { type CrmContext, changeCustomer, inTransaction, registerCustomer } from './change-customer.ts';
import { apiOrigin } from './mandate-changes.ts';
import { writeCustomers } from './write-customers.ts';

const data: CustomerData = customerDataSchema.parse(corinne);
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const runtime = createTestRuntime();
let context: CrmContext;
beforeEach(async () => {
  runtime.setClock(noon);
  context = { ...runtime, db: await openTestDatabase(), onCommit: () => {} };
});

const at = (ms: number) => new Date(ms).toISOString();
const readStates = async () =>
  (await readWaiting(context.db, topics.customers)).map(({ key, event }) => {
    const value = event ? Buffer.from(JSON.stringify(event)) : Buffer.alloc(0);
    return { key, ...parseCustomerChange({ value, key, timestamp: Number.MAX_SAFE_INTEGER }) };
  });
const readRegistrations = async () =>
  (await readWaiting(context.db, topics.customerRegistrations)).map(({ key, event }) => {
    const value = Buffer.from(JSON.stringify(event));
    return { key, ...parseCustomerRegistration({ value, timestamp: Number.MAX_SAFE_INTEGER }) };
  });
/** Writes customers as an import does, which may give a customer its number. */
const write = (...writes: Parameters<typeof writeCustomers>[1]) =>
  inTransaction(context, (trx) => writeCustomers(trx, writes, { ...context, ...apiOrigin }));

describe('the events of a customer', () => {
  it('are the whole state and the registration of a new customer', async () => {
    await registerCustomer(context, data, { ...apiOrigin, traceparent });
    const common = { key: '1', revision: noon, time: at(noon), traceparent };
    const state = { customerId: '1', version: 1, createdAt: at(noon), updatedAt: at(noon), record: data };
    expect(await readStates()).toEqual([{ ...common, data: state }]);
    expect(await readRegistrations()).toEqual([{ ...common, data: { customerId: '1' } }]);
  });

  it('are the whole state after each change, with a revision that grows even if the clock goes back', async () => {
    await registerCustomer(context, data);
    runtime.setClock(noon - 1_000);
    await changeCustomer(context, '1', (before) => ({ ...before, city: 'Delft' }));
    const state = { customerId: '1', version: 2, createdAt: at(noon), updatedAt: at(noon - 1_000) };
    expect((await readStates()).at(-1)).toMatchObject({
      revision: noon + 1,
      data: { ...state, record: { ...data, city: 'Delft' } },
    });
    expect(await readRegistrations()).toHaveLength(1);
  });

  it('are none if the record stays the same', async () => {
    await registerCustomer(context, data);
    await changeCustomer(context, '1', (before) => before);
    expect(await readStates()).toHaveLength(1);
  });

  it('are a state without a record after a deletion', async () => {
    await registerCustomer(context, data);
    runtime.setClock(noon + 1_000);
    await deleteCustomer(context, '1');
    const state = { customerId: '1', version: 2, createdAt: at(noon), updatedAt: at(noon + 1_000), record: null };
    expect((await readStates()).at(-1)).toMatchObject({ revision: noon + 1_000, data: state });
  });

  it('continue the revisions if a deleted customer is registered again with the same number', async () => {
    await registerCustomer(context, data);
    runtime.setClock(noon - 1_000);
    await deleteCustomer(context, '1');
    await write({ after: data, customerId: '1' });
    expect((await readStates()).map(({ revision }) => revision)).toEqual([noon, noon + 1, noon + 2]);
    expect(await readRegistrations()).toHaveLength(2);
    await write({ before: await findCustomer(context.db, '1') });
    expect((await readStates()).at(-1)).toMatchObject({ revision: noon + 3, data: { record: null } });
  });

  it('have the key of their own customer in a write of many', async () => {
    await write({ after: data }, { after: customerDataSchema.parse(molly), customerId: '70' });
    for (const events of [await readStates(), await readRegistrations()])
      expect(events.map(({ key, data: { customerId } }) => [key, customerId])).toEqual([
        ['71', '71'],
        ['70', '70'],
      ]);
  });

  it('of a customer that an older release has registered begin with the original registration', async () => {
    await registerCustomer(context, data);
    await context.db.deleteFrom('outbox').execute();
    await context.db.updateTable('customer').set({ revision: 0 }).execute();
    runtime.setClock(noon + 1_000);
    await changeCustomer(context, '1', (before) => ({ ...before, city: 'Delft' }));
    await changeCustomer(context, '1', (before) => ({ ...before, city: 'Gouda' }));
    expect(await readRegistrations()).toMatchObject([{ time: at(noon), revision: noon + 1_000 }]);
    expect((await readStates()).map(({ revision }) => revision)).toEqual([noon + 1_000, noon + 1_001]);
  });

  it('can be read for every customer that the CRM accepts', async () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 100 });
    const customer = fc
      .record({ firstName: name, lastName: name, city: name })
      .map((names) => customerDataSchema.safeParse({ ...corinne, ...names }))
      .filter(({ success }) => success);
    await fc.assert(
      fc.asyncProperty(customer, async ({ data: accepted }) => {
        await context.db.deleteFrom('customer').execute();
        await context.db.deleteFrom('outbox').execute();
        await write({ after: accepted as CustomerData });
        expect(await readStates()).toMatchObject([{ data: { record: accepted } }]);
      }),
      { numRuns: 50, examples: [[{ success: true, data: { ...data, city: '𠮷'.repeat(100) } }]] },
    );
  });
});
