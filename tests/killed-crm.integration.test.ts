import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { importOnce } from '../crm/imports/index.ts';
import { readOutboxBacklog, startRelay } from '../crm/outbox/index.ts';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { eventually } from './eventually.ts';
import { dataFolder, programWords, startProgram } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';

const leaseMs = 200;

/**
 * Publishes the outbox of the folder.
 * @returns customer 7 with its last published state, the changes of the evidence, and the published mandate events
 */
const restart = async (folder: string) => {
  const db = await openCrmDatabase(`sqlite:${join(folder, 'crm.sqlite')}`);
  const platform = openEmbeddedPlatform(join(folder, 'platform.sqlite'), Object.values(topics));
  const relay = startRelay({ ...createTestRuntime(), db, bus: platform.eventBus('crm'), leaseMs });
  await eventually(async () => expect(await readOutboxBacklog(db)).toMatchObject({ waiting: 0 }));
  await relay.close(0);
  const customer = await db.selectFrom('customer').selectAll().where('customerId', '=', 7).executeTakeFirstOrThrow();
  const evidence = await db.selectFrom('mandateChange').selectAll().execute();
  await db.destroy();
  platform.close();
  const log = openSqlite(join(folder, 'platform.sqlite'));
  const read = (topic: string) => {
    const ofTopic = 'SELECT cast(value AS text) AS value FROM record WHERE topic = ? ORDER BY partition, "offset"';
    const rows = log.prepare(ofTopic).all([topic]) as { value: string }[];
    return rows.map(({ value }): { id: string; subject: string; sequence: string } => JSON.parse(value));
  };
  const published = read(topics.connectionMandates.name);
  const states = read(topics.customers.name).filter(({ subject }) => subject === '7');
  closeSqlite(log);
  return {
    customer,
    changes: evidence.map((row) => `${row.connectionId} ${row.revision}`),
    published: published.map(({ id, subject, sequence }) => ({ id, change: `${subject} ${sequence}` })),
    lastState: states.at(-1) as object,
  };
};

it('a CRM that is killed before any of its statements loses no change and publishes none under two ids', async () => {
  const template = dataFolder();
  const db = await openCrmDatabase(`sqlite:${join(template, 'crm.sqlite')}`);
  await importOnce({ ...createTestRuntime(), db, onCommit: () => {} }, 'data/customer-database.csv');
  await db.destroy();
  await restart(template);

  let repeated = 0;
  const killAt = async (statement: number) => {
    const folder = dataFolder();
    cpSync(template, folder, { recursive: true });
    const args = [...programWords('tests/crm-until-killed.ts'), folder, String(statement), String(leaseMs)];
    const crm = startProgram(process.execPath, args, {});
    const end = await crm.ended;
    const { customer, changes, published, lastState } = await restart(folder);

    const moved = customer.version === 2;
    expect(customer.connectionId).toBe(moved ? '9001' : '7733');
    expect(changes).toHaveLength(moved ? 10 : 8);
    expect(lastState).toMatchObject({ sequence: String(customer.revision), data: { version: customer.version } });
    if (crm.output().includes('acknowledged')) expect(moved).toBe(true);
    expect(new Set(published.map(({ change }) => change))).toEqual(new Set(changes));
    // One id for each change, and one change for each id.
    expect(new Set(published.map(({ id }) => id)).size).toBe(changes.length);
    expect(new Set(published.map(({ id, change }) => `${id} ${change}`)).size).toBe(changes.length);
    if (published.length > changes.length) repeated++;
    return { end, output: crm.output() };
  };

  let survived: string | undefined;
  for (let statement = 1; survived === undefined; statement += 2)
    for (const { end, output } of await Promise.all([killAt(statement), killAt(statement + 1)]))
      if (end === 0) survived = output;
      else expect(end).toBe('SIGKILL');
  const statements = Number(/after (\d+) statements/.exec(survived)?.[1]);
  expect(statements).toBeGreaterThan(15);
  expect(repeated).toBeGreaterThan(0);
});
