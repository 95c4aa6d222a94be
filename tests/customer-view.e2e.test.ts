import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { getJson, patchJson, postJson } from './http.ts';
import { dataFolder, startProcess } from './platform-process.ts';
import { createComponentsFolder, type Member, startCrmMember, startCustomerViewMember } from './stack/dapr-lab.ts';
import { emptyViewDatabase, readViewRows, resetStack, withKafkaAdmin } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const order = {
  customerId: '7',
  productId: 'p1',
  quantity: 1,
  unitPrice: { amount: 1999, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
};

describe.runIf(await isStackReady())('the customer-view on MariaDB, through Dapr and Kafka', () => {
  const resources = createComponentsFolder();
  let env: { CUSTOMER_VIEW_DATABASE_URL: string };
  let crm: Member;
  let view: Member;
  let second: Member | undefined;
  let orderId: string;

  const placeOrder = async (): Promise<string> => {
    const created = await postJson(`${crm.url}/orders`, order);
    const body = (await created.json()) as { orderId: string };
    expect([created.status, body]).toEqual([201, expect.objectContaining({ orderId: expect.any(String) })]);
    return body.orderId;
  };
  const changeQuantity = async (id: string, quantity: number): Promise<number> => {
    const changed = await patchJson(`${crm.url}/orders/${id}`, { quantity });
    expect(changed.status).toBe(200);
    return ((await changed.json()) as { version: number }).version;
  };
  const waitForQuantity = (member: Member, id: string, quantity: number) =>
    eventually(async () =>
      expect(await getJson(`${member.url}/orders/${id}`)).toMatchObject({ status: 200, body: { quantity } }),
    );
  const waitForReady = (member: Member) =>
    eventually(async () => expect((await getJson(`${member.url}/readyz`)).body.status).toBe('ready'));

  beforeAll(async () => {
    await resetStack();
    env = { CUSTOMER_VIEW_DATABASE_URL: await emptyViewDatabase() };
    [crm, view] = await Promise.all([
      startCrmMember(resources, { CRM_DATABASE_URL: `sqlite:${dataFolder()}/crm.sqlite` }),
      startCustomerViewMember(resources, env),
    ]);
  });
  afterAll(async () => {
    await Promise.all([crm, view, second].map((member) => member?.end('SIGKILL')));
  });

  it('shows an order of the CRM with its customer, and then its change', async () => {
    orderId = await placeOrder();
    await waitForQuantity(view, orderId, 1);
    const version = await changeQuantity(orderId, 2);
    expect(await getJson(`${view.url}/orders/${orderId}?minVersion=${version}&waitMs=20000`)).toMatchObject({
      status: 200,
      body: { version, quantity: 2 },
    });
    await waitForReady(view);
    // Customers and orders have topics of their own, so the customer may arrive after the order.
    await eventually(async () =>
      expect((await getJson(`${view.url}/customers/7/orders`)).body).toMatchObject({
        customer: { customerId: '7', lastName: 'Lopez' },
        items: [{ orderId, quantity: 2, status: 'pending' }],
      }),
    );
  });

  it('divides the partitions between two instances, and each of them answers any key', async () => {
    second = await startCustomerViewMember(resources, env, 1);
    const countMembers = async () => {
      const { groups } = await withKafkaAdmin((admin) => admin.describeGroups(['customer-view-consumer']));
      return groups[0]?.members.filter(({ memberAssignment }) => memberAssignment.includes('orders-topic')).length;
    };
    await eventually(async () => expect(await countMembers()).toBe(2));
    const orderIds = await Promise.all(Array.from({ length: 12 }, placeOrder));
    for (const member of [view, second]) for (const id of orderIds) await waitForQuantity(member, id, 1);
    const { body } = await getJson(`${second.url}/instances`);
    expect((body.instances as { url: string }[]).map(({ url }) => new URL(url).port).sort()).toEqual(
      [view, second].map(({ url }) => new URL(url).port).sort(),
    );
  });

  it('loses nothing that changed while all instances were stopped', async () => {
    await Promise.all([view.end('SIGTERM'), second?.end('SIGTERM')]);
    await changeQuantity(orderId, 3);
    const added = await placeOrder();
    view = await startCustomerViewMember(resources, env);
    await waitForQuantity(view, orderId, 3);
    await waitForQuantity(view, added, 1);
    await waitForReady(view);
  });

  it('answers during a rebuild of its orders, from the rebuilt view after it, and can switch back without a loss', async () => {
    const rebuild = (...options: string[]) => {
      const args = ['--view', 'orders', '--dapr-http-port', String(ports.customerViews[0].dapr), ...options];
      return startProcess('scripts/rebuild.ts', { ...env, KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` }, args);
    };
    const generation = async () => {
      const { body } = await getJson(`${view.url}/status?view=orders`);
      return (body.view as { generation: { number: number } }).generation.number;
    };
    const command = rebuild('--full-speed');
    let isRunning = true;
    const ended = command.ended.finally(() => {
      isRunning = false;
    });
    for (; isRunning; await waitForQuantity(view, orderId, 3))
      expect((await getJson(`${view.url}/orders/${orderId}`)).status).toBe(200);
    expect(await ended, command.output()).toBe(0);
    await eventually(async () => expect(await generation()).toBe(2));
    await changeQuantity(orderId, 4);
    await waitForQuantity(view, orderId, 4);
    const back = rebuild('--switch-back');
    expect(await back.ended, back.output()).toBe(0);
    await eventually(async () => expect(await generation()).toBe(1));
    await waitForQuantity(view, orderId, 4);
  });

  it('has no name of an erased customer in any table, and still has the orders', async () => {
    expect(await readViewRows()).toContain('Lopez');
    expect((await postJson(`${crm.url}/customers/7/erasure`, { customerId: '7' })).status).toBe(200);
    await eventually(async () => expect((await getJson(`${view.url}/customers/7`)).status).toBe(410));
    expect(await readViewRows()).not.toContain('Lopez');
    const { body } = await getJson(`${view.url}/customers/7/orders`);
    expect(body).toMatchObject({
      customer: null,
      items: expect.arrayContaining([expect.objectContaining({ orderId })]),
    });
    expect(body.items).toHaveLength(14);
  });
});
