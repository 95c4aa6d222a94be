import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseCustomerChange } from '../contracts/events/customer-changed/upcasters.ts';
import { parseCustomerRegistration } from '../contracts/events/customer-registered/upcasters.ts';
import { topics } from '../contracts/topics.ts';
import { changeCustomer, deleteCustomer, registerCustomer, startPublishingExisting } from '../crm/customers/index.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { readOutboxBacklog, startRelay } from '../crm/outbox/index.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import type { DeliveredRecord } from '../packages/projections/event-bus.ts';
import { eventually } from './eventually.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import { quirine } from './quirine.ts';
import { createTestRuntime, noon } from './test-runtime.ts';

const customers = 210;
const at = (ms: number) => new Date(ms).toISOString();

/** A database of the release before. Customer 8 is deleted; every other one was changed a second after the registration. */
const customersOfOlderRelease = async () => {
  const folder = dataFolder();
  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const runtime = createTestRuntime();
  const context = { ...runtime, db, onCommit: () => {} };
  for (let n = 1; n <= customers; n++) await registerCustomer(context, { ...quirine, connectionId: `${n}` });
  runtime.setClock(noon + 1_000);
  await deleteCustomer(context, '8');
  for (let n = 1; n <= customers; n++)
    if (n !== 8) await changeCustomer(context, `${n}`, (before) => ({ ...before, city: `City ${n}` }));
  await db.updateTable('customer').set({ revision: 0 }).execute();
  for (const table of ['formerCustomer', 'outbox'] as const) await db.deleteFrom(table).execute();
  await db.destroy();
  return folder;
};

/**
 * Starts again, as the service does, until everything is published.
 * @returns the records of both topics, and how many events the killed process has left in the outbox
 */
const restart = async (folder: string) => {
  const runtime = createTestRuntime();
  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const platform = openEmbeddedPlatform(join(folder, 'platform.sqlite'), Object.values(topics));
  const bus = platform.eventBus('a group');
  const { waiting: left } = await readOutboxBacklog(db);
  await startPublishingExisting({ ...runtime, db, onCommit: () => {} }).done;
  const relay = startRelay({ ...runtime, db, bus, leaseMs: 100 });
  await eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 }));
  await relay.close(0);
  await db.destroy();
  const read = async (topic: string, count: number) => {
    const records: DeliveredRecord[] = [];
    const subscription = await bus.subscribe(topic, async (batch) => {
      records.push(...batch);
      return batch.map(() => 'done');
    });
    await eventually(() => expect(new Set(records.map(({ key }) => key)).size).toBe(count));
    await subscription.close();
    return records;
  };
  const states = await read(topics.customers.name, customers - 1);
  const registrations = await read(topics.customerRegistrations.name, customers - 1);
  platform.close();
  return { states, registrations, left };
};

it('an upgrade that is killed before any of its statements publishes each customer with its last state and original times', async () => {
  const template = await customersOfOlderRelease();
  let resumed = 0;
  const killAt = async (statement: number) => {
    const folder = dataFolder();
    cpSync(template, folder, { recursive: true });
    const args = [...programWords('tests/publish-until-killed.ts'), folder, String(statement)];
    const end = await startProgram(process.execPath, args, {}).ended;
    const { states, registrations, left } = await restart(folder);
    expect([states.length, registrations.length]).toEqual([customers - 1, customers - 1]);
    for (const record of states) {
      const { data, revision, time } = parseCustomerChange(record);
      expect([record.key, revision, time]).toEqual([data.customerId, noon + 1_000, at(noon + 1_000)]);
      expect(data).toMatchObject({ version: 2, createdAt: at(noon), record: { city: `City ${data.customerId}` } });
    }
    for (const record of registrations) expect(parseCustomerRegistration(record).time).toBe(at(noon));
    if (left > 0 && left < 2 * (customers - 1)) resumed++;
    return end;
  };
  for (let statement = 1, isWhole = false; !isWhole; statement += 2)
    for (const end of await Promise.all([killAt(statement), killAt(statement + 1)]))
      if (end === 0) isWhole = true;
      else expect(end).toBe('SIGKILL');
  // Some kills come between two pages.
  expect(resumed).toBeGreaterThan(5);
});
