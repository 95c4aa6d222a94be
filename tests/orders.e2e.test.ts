import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOrderChange } from '../contracts/events/order-changed/upcasters.ts';
import { topics } from '../contracts/topics.ts';
import { eventually } from './eventually.ts';
import { patchJson, postJson } from './http.ts';
import { startProcess } from './platform-process.ts';
import { createComponentsFolder, type Member, startCrmMember } from './stack/dapr-lab.ts';
import { emptyCrmDatabase, readRecords, resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { isStackReady } from './stack/stack.ts';

const topic = topics.orders.name;
const order = {
  customerId: '7',
  productId: 'p1',
  quantity: 3,
  unitPrice: { amount: 1999, currency: 'EUR' },
  expectedDeliveryDate: '2026-12-24',
  place: 'Dock 4, Enschede',
};

/** The changes of an order in the topic, in the order of their offsets. */
const changesOf = async (orderId: string) => {
  const records = (await readRecords(topic)).filter(({ key }) => key === orderId);
  expect(new Set(records.map(({ partition }) => partition)).size).toBeLessThanOrEqual(1);
  return records.map(({ key, value }) => {
    const { revision, data } = parseOrderChange({ key, value: Buffer.from(value), timestamp: 0 });
    return [revision, data.status, data.quantity, data.total.amount];
  });
};

describe.runIf(await isStackReady())('orders of a CRM on MariaDB, through Dapr to Kafka', () => {
  let crm: Member;
  beforeAll(async () => {
    await resetStack();
    crm = await startCrmMember(createComponentsFolder(), { CRM_DATABASE_URL: await emptyCrmDatabase() });
  });
  afterAll(() => crm?.end('SIGKILL'));

  it('are published with their whole state after each change, in order, and without the place', async () => {
    const created = await postJson(`${crm.url}/orders`, order);
    expect(created.status).toBe(201);
    const { orderId } = (await created.json()) as { orderId: string };
    expect((await patchJson(`${crm.url}/orders/${orderId}`, { quantity: 5 })).status).toBe(200);
    for (const verb of ['ship', 'deliver'])
      expect((await fetch(`${crm.url}/orders/${orderId}/${verb}`, { method: 'POST' })).status).toBe(200);
    const expected = [
      [1, 'pending', 3, 5997],
      [2, 'pending', 5, 9995],
      [3, 'shipped', 5, 9995],
      [4, 'delivered', 5, 9995],
    ];
    await eventually(async () => expect(await changesOf(orderId)).toEqual(expected));
    expect(JSON.stringify(await readRecords(topic))).not.toContain('Dock');
  });

  it('are generated, and the command shows the end offsets of the topic in Kafka', async () => {
    const before = (await readRecords(topic)).length;
    const env = { CRM_URL: crm.url, KAFKA_BROKERS: `127.0.0.1:${ports.kafka}` };
    const command = startProcess('scripts/orders.ts', env, ['generate', '50', '--seed', '3', '--kafka']);
    expect(await command.ended, command.output()).toBe(0);
    const ends = [...command.output().matchAll(/^orders-topic +\d+ +(\d+)$/gm)].map(([, end]) => Number(end));
    expect(ends).toHaveLength(topics.orders.partitions);
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(before + 50);
  });
});
