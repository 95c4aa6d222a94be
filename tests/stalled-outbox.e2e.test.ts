import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { connectCrmDatabase } from '../crm/database/index.ts';
import { appendToOutbox } from '../crm/outbox/index.ts';
import { eventually } from './eventually.ts';
import { postJson } from './http.ts';
import { corinne } from './lab-customers.ts';
import { fetchCrmStatus, fetchReadiness } from './lost-relay.ts';
import { dataFolder } from './platform-process.ts';
import { createComponentsFolder, startCrmMember } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { isStackReady } from './stack/stack.ts';

describe.runIf(await isStackReady())('an event that exceeds the limit of its topic', () => {
  it('makes the CRM unready and is named, while later events are published', async () => {
    await resetStack();
    const databaseUrl = `sqlite:${join(dataFolder(), 'crm.sqlite')}` as const;
    const crm = await startCrmMember(createComponentsFolder(), {
      CRM_DATABASE_URL: databaseUrl,
      CUSTOMERS_CSV: 'none',
    });
    onTestFinished(() => crm.end('SIGKILL'));
    const db = connectCrmDatabase(databaseUrl);
    onTestFinished(() => db.destroy());
    const id = randomUUID();
    const tooLarge = { topic: topics.connectionMandates, id, key: '1', event: { id, data: 'x'.repeat(2_000_000) } };
    await db.transaction().execute((trx) => appendToOutbox(trx, [tooLarge], Date.now()));
    expect((await postJson(`${crm.url}/customers`, corinne)).status).toBe(201);
    await eventually(async () => {
      const { checks } = await fetchReadiness(crm);
      expect(checks).toMatchObject({ eventBus: 'ok', outbox: expect.stringContaining(`event ${id} of `) });
      expect((await fetchCrmStatus(crm)).outbox.waiting).toBe(1);
    });
    await db.deleteFrom('outbox').where('id', '=', id).execute();
    await eventually(async () => expect((await fetchReadiness(crm)).status).toBe(200));
  });
});
