import { randomInt } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import type { Kysely } from 'kysely';
import request from 'supertest';
import { expect, it, onTestFinished } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { findErasedCustomers, listCustomers, repeatLastStates } from '../crm/customers/index.ts';
import { showCustomer } from '../crm/customers/show-customer.ts';
import { type CrmDatabase, openCrmDatabase } from '../crm/database/index.ts';
import { type LoadedOrder, loadOrder } from '../crm/orders/load-order.ts';
import { toOrderState } from '../crm/orders/order.ts';
import { startRelay } from '../crm/outbox/index.ts';
import { createSeededRandom, withBusFaults } from '../packages/projections/faults.ts';
import { openCustomerView } from './customer-view-app.ts';
import { eventually } from './eventually.ts';
import { openRandomChanges, type RandomChanges, randomChange } from './random-crm-changes.ts';
import { createTestRuntime } from './test-runtime.ts';

/** A change, and what happens before it: the clock of the CRM moves, also backwards, or its relay is restarted. */
const step = fc.record({
  change: randomChange,
  clockMs: fc.constantFrom(0, 1, 1_000, -500),
  restartsRelay: fc.nat(9).map((n) => n === 0),
});
const steps = fc.array(step, { minLength: 200, maxLength: 200 });

type CustomerView = Awaited<ReturnType<typeof openCustomerView>>;
type Shown = Record<string, unknown>;

/** What the customer-view must answer, according to the database of the CRM. */
const readCrm = async (db: Kysely<CrmDatabase>, { orderIds, names }: RandomChanges) => {
  const customers: Shown[] = (await listCustomers(db, {})).map(showCustomer);
  const orders: Shown[] = [];
  for (const orderId of orderIds) {
    const { order } = (await loadOrder(db, orderId)) as LoadedOrder;
    orders.push({ ...toOrderState(order), company: null, updatedAt: new Date(order.updatedAt).toISOString() });
  }
  const erased = await findErasedCustomers(db, [...names.keys()].map(Number));
  const current = new Map(customers.map((customer) => [customer.customerId, customer]));
  return {
    customers,
    orders: orders.map((order) => ({ ...order, customer: current.get(order.customerId) ?? null })),
    gone: [...names.keys()].flatMap((id) =>
      current.has(id) ? [] : [{ id, status: erased.has(Number(id)) ? 410 : 404 }],
    ),
    registered: names.size,
  };
};

/** What the customer-view answers, in the same form. */
const readView = async ({ app }: CustomerView, { gone }: Awaited<ReturnType<typeof readCrm>>) => {
  const get = async (path: string) => {
    const { status, body } = await request(app).get(path);
    if (status === 503) throw new Error(body.detail);
    return { status, items: body.items };
  };
  const { items: months } = await get('/reports/new-customers');
  return {
    customers: (await get('/customers?limit=1000')).items,
    orders: (await get('/customer-orders?limit=1000&sort=createdAt')).items,
    gone: await Promise.all(gone.map(async ({ id }) => ({ id, status: (await get(`/customers/${id}`)).status }))),
    registered: months.reduce((sum: number, { customers }: { customers: number }) => sum + customers, 0),
  };
};

const sortOrders = <Answer extends { orders: Shown[] }>(answer: Answer) => ({
  ...answer,
  orders: answer.orders.toSorted((one, other) => (String(one.orderId) < String(other.orderId) ? -1 : 1)),
});

/** Everything in the log and in the tables of the views. */
const readStoredText = async ({ db, platform }: CustomerView): Promise<string> => {
  const texts: string[] = [];
  const log = platform.logReader();
  for (const { name } of Object.values(topics))
    await log.read(name, await log.offsets(name), async ({ records }) => {
      texts.push(...records.map(({ value }) => String(value)));
    });
  for (const table of ['customers', 'registrations', 'orders', 'greetings'] as const)
    texts.push(JSON.stringify(await db.selectFrom(table).selectAll().execute()));
  return texts.join('\n');
};

it.each([
  1,
  2,
  randomInt(1_000_000),
])('the customer-view equals the CRM after any changes of customers and orders, on a bus with injected faults (seed %i)', async (seed) => {
  const random = createSeededRandom(seed);
  const view = await openCustomerView(undefined, (bus) => withBusFaults(bus, random));
  const runtime = createTestRuntime();
  const db = await openCrmDatabase('memory');
  const context = { ...runtime, db, onCommit: () => relay.wake() };
  const startOwnRelay = () =>
    startRelay({ ...runtime, db, bus: view.bus, repeatLastStates: (_, ids) => repeatLastStates(context, ids) });
  let relay = startOwnRelay();
  const changes = openRandomChanges(context);
  onTestFinished(async () => {
    await relay.close(0);
    await changes.close();
    await db.destroy();
  });

  const newest = new Map<string, number>();
  /** An order never gets an older version, and an erased customer never a name. While the bus delays an event, the view refuses. */
  const sample = async (path: string, ageOf: (answer: { status: number; body: Shown }) => number | undefined) => {
    const shown = ageOf(await request(view.app).get(path));
    if (shown === undefined) return;
    expect(shown).toBeGreaterThanOrEqual(newest.get(path) ?? 0);
    newest.set(path, shown);
  };
  const pick = (ids: readonly string[]) => ids[Math.floor(random() * ids.length)];
  for (const { change, clockMs, restartsRelay } of fc.sample(steps, { seed, numRuns: 1 })[0] ?? []) {
    runtime.setClock(runtime.now() + clockMs);
    await changes.execute(change);
    if (restartsRelay) {
      await relay.close(0);
      relay = startOwnRelay();
    }
    await sample(`/orders/${pick(changes.orderIds)}`, ({ status, body }) =>
      status === 200 ? Number(body.version) : undefined,
    );
    await sample(`/customers/${pick([...changes.names.keys()])}`, ({ status }) => ({ 200: 0, 410: 1 })[status]);
    await nextTurn();
  }

  await eventually(async () => {
    const expected = await readCrm(db, changes);
    expect(sortOrders(await readView(view, expected))).toEqual(sortOrders(expected));
  });
  const expected = await readCrm(db, changes);
  expect(Math.min(expected.customers.length, expected.orders.length, expected.gone.length)).toBeGreaterThan(0);
  const text = await readStoredText(view);
  for (const { id, status } of expected.gone)
    if (status === 410) for (const name of changes.names.get(id) ?? []) expect(text).not.toContain(name);
  for (const { projection } of view.running.views) expect(projection.counts().setAside).toBe(0);
});
