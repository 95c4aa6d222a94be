import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { findCustomer, listCustomers, replaceCustomer } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { importOnce } from '../crm/imports/index.ts';
import { readOutboxBacklog, startRelay } from '../crm/outbox/index.ts';
import type { Mandate } from '../iot-platform/mandates/mandate.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { createSeededRandom, withBusFaults, withStoreFaults } from '../packages/projections/faults.ts';
import { startProjection } from '../packages/projections/projection.ts';
import { openView } from '../packages/projections/view.ts';
import { eventually } from './eventually.ts';
import { createTestRuntime } from './test-runtime.ts';

it.each([
  1, 2, 3,
])('the view equals the CRM and never shows an older revision on a bus and a store with injected faults (seed %i)', async (seed) => {
  const random = createSeededRandom(seed);
  const runtime = { ...createTestRuntime(), now: Date.now, newId: randomUUID };
  const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
  const bus = withBusFaults(platform.eventBus('iot-platform-consumer'), random);
  const store = platform.stateStore('statestore');
  const projection = await startProjection(mandates, { ...runtime, bus, store: withStoreFaults(store, random) });
  const view = openView<Mandate>(mandates, store);
  const db = await openCrmDatabase('memory');
  const relay = startRelay({ ...runtime, db, bus });
  const context = { ...runtime, db, onCommit: () => relay.wake() };
  await importOnce(context, 'data/customer-database.csv');

  const lastSeen = new Map<string, number>();
  const sample = async (connectionId: string) => {
    // While the faulty bus delays events behind later ones, the view refuses.
    const answer = await view.get(connectionId).catch((error) => {
      if (error.code !== 'view-incomplete') throw error;
    });
    const revision = answer?.revision ?? lastSeen.get(connectionId) ?? 0;
    expect(revision).toBeGreaterThanOrEqual(lastSeen.get(connectionId) ?? 0);
    lastSeen.set(connectionId, revision);
  };
  for (let n = 0; n < 300; n++) {
    const { customerId, ...customer } = await findCustomer(db, String(1 + Math.floor(random() * 8)));
    const connectionMandate = (['0', '1', '2'] as const)[Math.floor(random() * 3)] ?? '0';
    const connectionId = random() < 0.1 ? String(9000 + n) : customer.connectionId;
    await replaceCustomer(context, customerId, { ...customer, connectionId, connectionMandate });
    await sample(customer.connectionId);
    if (n % 10 === 0) await nextTurn();
  }

  const levels = async () => {
    const known = (await db.selectFrom('connection').select('connectionId').execute()).map(
      ({ connectionId }) => connectionId,
    );
    const held = new Map((await listCustomers(db, {})).map((c) => [c.connectionId, c.connectionMandate]));
    const wanted = known.map((id) => [id, held.get(id) ?? '0']);
    const shown = await Promise.all(known.map(async (id) => [id, (await view.get(id))?.connectionMandate]));
    await Promise.all(known.map(sample));
    return { wanted, shown };
  };
  await eventually(async () => {
    const { wanted, shown } = await levels();
    expect(shown).toEqual(wanted);
    expect((await readOutboxBacklog(db)).waiting).toBe(0);
    expect((await view.completeness()).state).toBe('complete');
  });
  await relay.close(0);
  await projection.close();
  expect(projection.counts().setAside).toBe(0);
});
