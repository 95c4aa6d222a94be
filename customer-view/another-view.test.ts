import { afterEach, expect, it } from 'vitest';
import type { OrderChanged } from '../contracts/events/order-changed/upcasters.ts';
import { serviceAddresses } from '../contracts/service-addresses.ts';
import { topics } from '../contracts/topics.ts';
import { createViewApp, startViewService } from '../packages/platform/view-service/index.ts';
import { registerView } from '../packages/platform/views.ts';
import { openCustomerView, orderEvent, orderState } from '../tests/customer-view-app.ts';
import { eventually } from '../tests/eventually.ts';
import { noEvents } from '../tests/no-events.ts';
import { createTestRuntime } from '../tests/test-runtime.ts';
import { orders } from './orders/materialise.ts';

type HighestOrder = { readonly total: number };

/** The highest total that each customer has ordered: one more view of orders-topic, declared in a few lines. */
const highestOrders = registerView<OrderChanged, HighestOrder>({
  projection: {
    ...orders,
    name: 'highest-orders',
    key: ({ data }) => data.customerId,
    evolve: (held, { data }) => (held && held.total >= data.total.amount ? held : { total: data.total.amount }),
    classify: () => undefined,
  },
  toDisplayValue: (highest) => String(highest?.total ?? 'none'),
  keyName: 'customerId',
});

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

it('a view that is added to a filled log reads it from the first event', async () => {
  const { platform, publishAll, settle, running } = await openCustomerView();
  const price = (amount: number) => ({ unitPrice: { amount, currency: 'EUR' } });
  const states = [
    orderState(1, price(900)),
    orderState(2, price(300)),
    orderState(3, { ...price(500), customerId: '8' }),
  ];
  await publishAll(topics.orders, states.map(orderEvent));
  await settle();
  await running.close();

  const store = platform.stateStore('another');
  const service = await startViewService(
    {
      address: serviceAddresses.customerView,
      views: [highestOrders],
      createApp: (context) =>
        createViewApp(context, { api: { title: 'customer-view', description: 'One more view.', events: noEvents } }),
    },
    {
      host: '127.0.0.1',
      access: { hosts: [], origins: [] },
      operatorToken: undefined,
      addresses: {},
      port: 0,
      deliveryPort: 0,
      stateStoreName: 'another',
      consumerGroup: 'customer-view-consumer',
      autoRebuild: true,
    },
    {
      ...createTestRuntime(),
      now: Date.now,
      bus: platform.eventBus('customer-view-consumer'),
      store,
      secondaryStore: platform.stateStore,
      topicLog: platform.logReader(),
      operatorLog: platform.operatorLog(),
    },
  );
  closing.push(service.close);
  const highestOf = async (customerId: string) => {
    const key = `highest-orders/g2:${customerId}`;
    return (await store.getMany([key])).get(key)?.value;
  };
  await eventually(async () => {
    expect(await highestOf('7')).toEqual({ total: 1_800 });
    expect(await highestOf('8')).toEqual({ total: 1_000 });
  });
});
