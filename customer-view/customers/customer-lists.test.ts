import type { Express } from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import type { CustomerState } from '../../contracts/events/customer-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { customerEvent, customerState, openCustomerView } from '../../tests/customer-view-app.ts';

const named = (customerId: string, lastName: string, email: string | null = null): CustomerState => {
  const state = customerState(customerId);
  return { ...state, record: state.record && { ...state.record, lastName, email } };
};
const customers = [
  named('2', 'Östberg'),
  named('10', 'Berg', 'berg@example.org'),
  named('9', 'Lopez'),
  named('3', 'berg'),
];

const openWithCustomers = async () => {
  const opened = await openCustomerView();
  await opened.publishAll(
    topics.customers,
    customers.map((state) => customerEvent(state)),
  );
  await opened.settle();
  return opened;
};

const readIds = async (app: Express, path: string): Promise<string[]> => {
  const found: string[] = [];
  for (let next: string | null = path; next; ) {
    const { body }: request.Response = await request(app).get(next).expect(200);
    found.push(...body.items.map(({ customerId }: CustomerState) => customerId));
    ({ next } = body);
  }
  return found;
};

describe('the list of customers', () => {
  it.each([
    ['/customers', ['2', '3', '9', '10']],
    ['/customers?limit=1', ['2', '3', '9', '10']],
    ['/customers?sort=name&limit=1', ['3', '10', '9', '2']],
    ['/customers?email=berg@example.org', ['10']],
    ['/customers?email=unknown@example.org', []],
  ])('%s', async (path, expected) => {
    const { app } = await openWithCustomers();
    expect(await readIds(app, path)).toEqual(expected);
  });

  it('does not show deleted and erased customers', async () => {
    const { app, publish, settle } = await openWithCustomers();
    await publish(topics.customers, '9', customerEvent(customerState('9', { version: 2, record: null })));
    await publish(topics.customers, '10', undefined);
    await settle();
    expect(await readIds(app, '/customers')).toEqual(['2', '3']);
    const { body: deleted } = await request(app).get('/customers/9').expect(404);
    expect(deleted.type).toBe('urn:problem:customer-unknown');
    const { body: erased } = await request(app).get('/customers/10?minVersion=99&waitMs=0').expect(410);
    expect(erased.type).toBe('urn:problem:customer-erased');
  });

  it('shows one customer as the CRM does', async () => {
    const { app } = await openWithCustomers();
    const { body } = await request(app).get('/customers/10').expect(200);
    const { record, ...state } = named('10', 'Berg', 'berg@example.org');
    expect(body).toEqual({ ...state, ...record });
  });

  it('a customer that is registered again after a deletion is shown again', async () => {
    const { app, publish, settle } = await openWithCustomers();
    const deleted = customerState('9', { version: 2, record: null });
    await publish(topics.customers, '9', customerEvent(customerState('9', { version: 1 }), 1_900_000_000_002));
    await publish(topics.customers, '9', customerEvent(deleted, 1_900_000_000_001));
    await settle();
    await request(app).get('/customers/9').expect(200);
  });
});
