import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Kysely } from 'kysely';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { corinne } from '../../../tests/lab-customers.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { type CrmDatabase, openCrmDatabase } from '../../database/index.ts';
import type { CustomerData } from '../customer.ts';
import { listCustomers } from '../find-customers.ts';
import {
  type CrmContext,
  changeCustomer,
  inTransaction,
  registerCustomer,
  replaceCustomer,
} from './change-customer.ts';
import { apiOrigin } from './mandate-changes.ts';
import { type CustomerWrite, writeCustomers } from './write-customers.ts';

const data: CustomerData = { ...corinne, connectionMandate: '1', email: null, phone: null };

let db: Kysely<CrmDatabase>;
let context: CrmContext;
let statements = 0;
const countStatements = async <T>(work: Promise<T>): Promise<[T, number]> => {
  statements = 0;
  return [await work, statements];
};
beforeEach(async () => {
  db = (await openTestDatabase()).withPlugin({
    transformQuery: ({ node }) => {
      statements++;
      return node;
    },
    transformResult: async ({ result }) => result,
  });
  context = { ...createTestRuntime(), db, onCommit: () => {} };
});

const write = (writes: readonly CustomerWrite[]) =>
  inTransaction(context, (trx) => writeCustomers(trx, writes, { ...context, ...apiOrigin }));
const customersLike = (count: number, from = 0): CustomerWrite[] =>
  Array.from({ length: count }, (_, n) => ({ after: { ...data, connectionId: `${from + n}` } }));

describe('the number of statements of a change, which reads nothing that it has written', () => {
  it('is six for a registration: holder, customer, revision read and written, evidence, events', async () => {
    const [{ mandateRevision }, count] = await countStatements(registerCustomer(context, data));
    expect({ mandateRevision, count }).toEqual({ mandateRevision: noon, count: 6 });
  });

  it('is six for a new mandate: customer locked and written, revision read and written, evidence, events', async () => {
    const { customer } = await registerCustomer(context, data);
    const next = { ...data, connectionMandate: '2' as const };
    const [{ mandateRevision }, count] = await countStatements(replaceCustomer(context, customer.customerId, next));
    expect({ mandateRevision, count }).toEqual({ mandateRevision: noon + 1, count: 6 });
  });

  it('is four for a new city, because only the revision of the unchanged mandate is read', async () => {
    const { customer } = await registerCustomer(context, data);
    const changing = changeCustomer(context, customer.customerId, (before) => ({ ...before, city: 'Delft' }));
    const [changed, count] = await countStatements(changing);
    expect({ ...changed, count }).toMatchObject({ customer: { version: 2 }, mandateRevision: noon, count: 4 });
  });

  it('makes four calls of the database thread for a new mandate: customer, revision, all writes, commit', async () => {
    const file = await openCrmDatabase(`sqlite:${join(dataFolder(), 'crm.sqlite')}`);
    onTestFinished(() => file.destroy());
    const onFile = { ...context, db: file };
    const { customer } = await registerCustomer(onFile, data);
    const calls = vi.spyOn(Worker.prototype, 'postMessage');
    onTestFinished(() => calls.mockRestore());
    await replaceCustomer(onFile, customer.customerId, { ...data, connectionMandate: '2' });
    expect(calls.mock.calls.map(([sent]) => (sent as { sql: string }[]).length)).toEqual([2, 1, 4, 1]);
  });
});

describe('writing many customers', () => {
  it('takes as many statements for 200 customers as for two', async () => {
    const [, few] = await countStatements(write(customersLike(2)));
    const [{ customerIds }, many] = await countStatements(write(customersLike(200, 1000)));
    expect(many).toBe(few);
    expect(new Set(customerIds).size).toBe(200);
  });

  it('returns the number of each customer, whether it was given or assigned', async () => {
    const [a, b, c] = customersLike(3) as [CustomerWrite, CustomerWrite, CustomerWrite];
    const { customerIds } = await write([a, { ...b, customerId: '70' } as CustomerWrite, c]);
    const held = new Map((await listCustomers(db, {})).map((each) => [each.connectionId, each.customerId]));
    expect(customerIds).toEqual(['0', '1', '2'].map((connectionId) => held.get(connectionId)));
    expect(customerIds[1]).toBe('70');
  });

  it('revokes a connection that one customer gives up before another customer takes it', async () => {
    await write(customersLike(2));
    const [first, second] = await listCustomers(db, {});
    if (!first || !second) throw new Error('two customers were written');
    const { revisions } = await write([
      { before: first, after: { ...data, connectionId: '7' } },
      { before: second },
      { after: { ...data, connectionId: first.connectionId } },
      { after: { ...data, connectionId: second.connectionId } },
    ]);
    expect(revisions).toEqual(new Map([...['0', '1'].map((id) => [id, noon + 2] as const), ['7', noon]]));
    const history = await db.selectFrom('mandateChange').selectAll().where('connectionId', '=', '0').execute();
    const inOrder = history.sort((a, b) => a.revision - b.revision);
    expect(inOrder.map(({ connectionMandate }) => connectionMandate)).toEqual(['1', '0', '1']);
    expect(await listCustomers(db, {})).toMatchObject([{ connectionId: '7', version: 2 }, { version: 1 }, {}]);
  });
});
