import request from 'supertest';
import { expect, it } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import {
  customerEvent,
  customerState,
  openCustomerView,
  orderEvent,
  orderIdOf,
  orderState,
} from '../../tests/customer-view-app.ts';

it('an order shows its customer, also one that arrives later, changes, and is erased', async () => {
  const { app, publish, settle } = await openCustomerView();
  const first = async () => {
    await settle();
    const { body } = await request(app).get('/customer-orders').expect(200);
    return body.items[0];
  };
  await publish(topics.orders, orderIdOf(1), orderEvent(orderState(1)));
  expect(await first()).toMatchObject({ orderId: orderIdOf(1), customer: null });

  await publish(topics.customers, '7', customerEvent(customerState('7')));
  expect(await first()).toMatchObject({ customer: { customerId: '7', lastName: 'Lopez' } });

  const moved = customerState('7', { version: 2 });
  await publish(
    topics.customers,
    '7',
    customerEvent({ ...moved, record: moved.record && { ...moved.record, city: 'Hengelo' } }),
  );
  expect(await first()).toMatchObject({ customer: { city: 'Hengelo' } });

  await publish(topics.customers, '7', undefined);
  expect(await first()).toMatchObject({ orderId: orderIdOf(1), customer: null });
});
