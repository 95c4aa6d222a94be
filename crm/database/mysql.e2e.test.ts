import { sql } from 'kysely';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../../contracts/topics.ts';
import type { EventBus, OutgoingEvent } from '../../packages/projections/event-bus.ts';
import { eventually } from '../../tests/eventually.ts';
import { getJson, postJson } from '../../tests/http.ts';
import { corinne, corinneInRealTime } from '../../tests/lab-customers.ts';
import { dataFolder, startProcess } from '../../tests/platform-process.ts';
import { changeCustomersOnTwoCrms, readPublishedEvents, startCrmOn } from '../../tests/several-crms.ts';
import { emptyCrmDatabase } from '../../tests/stack/fresh.ts';
import { isStackReady, startPart, stopPart } from '../../tests/stack/stack.ts';
import { createTestRuntime } from '../../tests/test-runtime.ts';
import { appendToOutbox, startRelay } from '../outbox/index.ts';
import { connectCrmDatabase, openCrmDatabase } from './open-database.ts';

describe.runIf(await isStackReady())('the CRM on MySQL or MariaDB', () => {
  let url: Awaited<ReturnType<typeof emptyCrmDatabase>>;
  beforeEach(async () => {
    url = await emptyCrmDatabase();
  });
  const open = async () => {
    const db = await openCrmDatabase(url);
    onTestFinished(() => db.destroy());
    return db;
  };

  it('compares ids byte by byte, independently of the collation of the database', async () => {
    const db = await open();
    const ids = ['a', 'A', 'ä'];
    await db
      .insertInto('connection')
      .values(ids.map((connectionId) => ({ connectionId, revision: 1 })))
      .execute();
    const found = await db.selectFrom('connection').selectAll().where('connectionId', '=', 'A').execute();
    expect(found).toEqual([{ connectionId: 'A', revision: 1 }]);
  });

  it('is migrated once when several CRMs start at the same time', async () => {
    const databases = await Promise.all([open(), open(), open()]);
    for (const db of databases) expect(await db.selectFrom('customer').selectAll().execute()).toEqual([]);
  });

  it('publishes an outbox row that commits after rows with higher sequence numbers', async () => {
    const db = await open();
    const published: string[] = [];
    const bus = {
      publish: async (_: string, events: OutgoingEvent[]) => published.push(...events.map(({ id }) => id)),
    };
    const put = (trx: Parameters<typeof appendToOutbox>[0], id: string) =>
      appendToOutbox(trx, [{ topic: topics.connectionMandates, id, key: id, event: {} }], 1_000);
    const early = await db.startTransaction().execute();
    await put(early, 'early, and committed late');
    await db.transaction().execute((trx) => put(trx, 'behind it'));
    const relay = startRelay({ ...createTestRuntime(), db, bus: bus as unknown as EventBus });
    onTestFinished(() => relay.close(0));
    await eventually(() => expect(published).toEqual(['behind it']));
    await early.commit().execute();
    await eventually(() => expect(published).toEqual(['behind it', 'early, and committed late']));
  });

  it('times out a statement that is not answered, and runs the next one on another connection', async () => {
    const db = connectCrmDatabase(url, 200);
    onTestFinished(() => db.destroy());
    await expect(sql`select sleep(20)`.execute(db)).rejects.toMatchObject({ code: 'database-away' });
    expect((await sql<{ one: number }>`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
  });

  it('names the address that cannot be used and the reason, without the password', async () => {
    const wrong = startProcess('crm/main.ts', {
      CRM_DATABASE_URL: url.replace(/:[^:@]*@/, ':hunter2@'),
      DATA_DIR: dataFolder(),
    });
    expect(await wrong.ended).toBe(1);
    expect(wrong.output()).toMatch(/CRM_DATABASE_URL: mysql:\/\/connection-mandates@\S+ cannot be used: Access denied/);
    expect(wrong.output()).not.toContain('hunter2');
  });

  it('assigns no id twice and loses no update when two CRMs share the database', () => changeCustomersOnTwoCrms(url));

  it('makes the CRM answer 503 during an outage, and the CRM recovers by itself', async () => {
    const folder = dataFolder();
    const crm = await startCrmOn(url, folder);
    const change = (customer: object) => postJson(`${crm.url}/customers/1`, customer);
    expect((await postJson(`${crm.url}/customers`, corinne)).status).toBe(201);
    await stopPart('mysql');
    for (const send of [
      () => fetch(`${crm.url}/customers/1`),
      () => change(corinneInRealTime),
      () => fetch(`${crm.url}/status`),
    ]) {
      const answer = await send();
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await answer.json()).toMatchObject({ type: 'urn:problem:database-away', remedy: expect.any(String) });
    }
    expect((await getJson(`${crm.url}/readyz`)).body).toMatchObject({
      checks: { database: expect.stringContaining('not') },
    });
    await startPart('mysql');
    await eventually(async () => expect((await getJson(`${crm.url}/readyz`)).status).toBe(200));
    expect((await change(corinneInRealTime)).status).toBe(200);
    await eventually(() => expect(readPublishedEvents(folder).at(-1)?.mandate).toBe('2'));
    expect(await crm.end('SIGTERM')).toBe(0);
    expect(crm.output()).not.toMatch(/:connection-mandates@|Corinne/);
  });
});
