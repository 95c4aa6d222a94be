import { onTestFinished } from 'vitest';
import { type CustomerState, createCustomerChangedEvent } from '../contracts/events/customer-changed/schema.ts';
import { createCustomerRegisteredEvent } from '../contracts/events/customer-registered/schema.ts';
import { createOrderChangedEvent, type OrderState } from '../contracts/events/order-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
import { createCustomerViewApp } from '../customer-view/app.ts';
import { customerViews, viewTables } from '../customer-view/projections.ts';
import type { DatabaseUrl } from '../packages/database/database-url.ts';
import { type EmbeddedPlatform, openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { startViews } from '../packages/platform/running-views.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import { openViewDatabase } from '../packages/view-database/view-database.ts';
import { createIdleViews } from './idle-views.ts';
import { createTestRuntime, noon } from './test-runtime.ts';

const instances = { instanceId: 'this', list: async () => [] };
const openDatabase = (url: DatabaseUrl) =>
  openViewDatabase({ url, variable: 'CUSTOMER_VIEW_DATABASE_URL' }, viewTables, createTestRuntime());

/** What the app of the customer-view needs before the first event, on a database in memory. */
export const createIdleCustomerView = async () => {
  const { db, store } = await openDatabase('memory');
  return { db, store, instances, ...createIdleViews(store, {}, customerViews) };
};

let emptyDatabase = async (): Promise<DatabaseUrl> => 'memory';
/** Makes `openCustomerView` use another database in the current test file. `another` must supply an empty one each time. */
export const useViewDatabase = (another: typeof emptyDatabase): void => {
  emptyDatabase = another;
};

/**
 * Starts the app of the customer-view on a log in memory, to which tests publish. `prepare` runs before the views start; `adapt` may
 * wrap the bus.
 */
export const openCustomerView = async (
  prepare: (platform: EmbeddedPlatform) => Promise<void> = async () => {},
  adapt: (bus: EventBus) => EventBus = (bus) => bus,
) => {
  const databaseUrl = await emptyDatabase();
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics), { now: () => noon });
  const bus = adapt(platform.eventBus('customer-view-consumer'));
  await prepare(platform);
  const runtime = createTestRuntime();
  const database = await openDatabase(databaseUrl);
  const { store } = database;
  const running = await startViews(customerViews, { ...runtime, bus, store, topicLog: platform.logReader() });
  onTestFinished(async () => {
    await running.close();
    await database.close();
    platform.close();
  });
  const names = { stateStoreName: databaseUrl, consumerGroup: 'customer-view-consumer' };
  const app = createCustomerViewApp({
    ...runtime,
    bus,
    store,
    views: running.views,
    names,
    db: database.db,
    instances,
  });

  const publish = (topic: { name: string }, key: string, event: object | undefined) =>
    bus.publish(topic.name, [{ id: key, key, value: event ? Buffer.from(JSON.stringify(event)) : Buffer.alloc(0) }]);
  const publishAll = async (topic: { name: string }, events: readonly { subject: string }[]) =>
    bus.publish(
      topic.name,
      events.map((event) => ({ id: event.subject, key: event.subject, value: Buffer.from(JSON.stringify(event)) })),
    );
  /** Resolves when the views have applied everything that was published. */
  const settle = async () => {
    for (;;) {
      const states = await Promise.all(
        running.views.map(async ({ registered, view }) => ({ registered, state: await view.completeness() })),
      );
      const log = platform.logReader();
      const lags = await Promise.all(
        states.map(async ({ registered, state }) =>
          (await log.offsets(registered.projection.topic.name)).every(
            ({ partition, end }) => (state.partitions[partition]?.applied ?? -1) >= end - 1,
          ),
        ),
      );
      if (lags.every(Boolean)) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { app, bus, db: database.db, store, publish, publishAll, settle, running, platform };
};

export const customerState = (customerId: string, change: Partial<CustomerState> = {}): CustomerState => ({
  customerId,
  version: 1,
  createdAt: '2026-11-20T08:30:00.000Z',
  updatedAt: '2026-11-20T08:30:00.000Z',
  record: {
    firstName: 'Corinne',
    lastName: 'Lopez',
    city: 'Enschede',
    connectionId: `77${customerId}`,
    connectionMandate: '1',
    email: null,
    phone: null,
  },
  ...change,
});

export const customerEvent = (state: CustomerState, revision = noon + state.version) =>
  createCustomerChangedEvent(state, { id: 'c', revision, time: new Date(state.updatedAt) });

export const registrationEvent = (customerId: string, registeredAt: string) =>
  createCustomerRegisteredEvent(
    { customerId },
    { id: 'r', revision: Date.parse(registeredAt), time: new Date(registeredAt) },
  );

export const orderIdOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

export const orderState = (n: number, change: Partial<OrderState> = {}): OrderState => {
  const { quantity = 2, unitPrice = { amount: 500, currency: 'EUR' } } = change;
  return {
    orderId: orderIdOf(n),
    version: 1,
    customerId: '7',
    productId: 'p1',
    status: 'pending',
    expectedDeliveryDate: '2026-12-24',
    createdAt: new Date(noon + n * 1_000).toISOString(),
    ...change,
    quantity,
    unitPrice,
    total: { amount: quantity * unitPrice.amount, currency: unitPrice.currency },
  };
};

export const orderEvent = (state: OrderState) =>
  createOrderChangedEvent(state, { id: 'o', time: new Date(Date.parse(state.createdAt) + state.version) });
