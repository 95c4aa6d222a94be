import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { corinne } from '../../../tests/lab-customers.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';
import { openCrmDatabase } from '../../database/index.ts';
import { purgeOldAnswers } from '../../idempotency/index.ts';
import { type CrmContext, registerCustomer } from './change-customer.ts';
import { apiOrigin } from './mandate-changes.ts';

const day = 24 * 60 * 60 * 1000;
const data = { ...corinne, connectionMandate: '1', email: null, phone: null } as const;

describe('registering with an idempotency key', () => {
  const runtime = createTestRuntime();
  let context: CrmContext;
  beforeEach(async () => {
    runtime.setClock(noon);
    context = { ...runtime, db: await openTestDatabase(), onCommit: () => {} };
  });

  const register = (idempotencyKey: string, change: object = {}) =>
    registerCustomer(context, { ...data, ...change }, { ...apiOrigin, idempotencyKey });
  const count = async (table: 'customer' | 'storedAnswer') =>
    (await context.db.selectFrom(table).selectAll().execute()).length;

  it('registers once and gives a repeated request the same answer', async () => {
    const first = await register('k1');
    runtime.setClock(noon + 5000);
    expect(await register('k1')).toEqual(first);
    expect(await count('customer')).toBe(1);
    for (const topic of [topics.connectionMandates, topics.customers, topics.customerRegistrations])
      expect(await readWaiting(context.db, topic)).toHaveLength(1);
  });

  it('registers once when many requests arrive at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => register('k1')));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await count('customer')).toBe(1);
  });

  it('registers once when many requests with an expired key arrive at the same time', async () => {
    const expired = await register('k1');
    await context.db.deleteFrom('customer').execute();
    runtime.setClock(noon + day);
    const answers = await Promise.all(Array.from({ length: 10 }, () => register('k1')));
    expect(new Set(answers.map(({ customer }) => customer.customerId)).size).toBe(1);
    expect(answers[0]?.customer.customerId).not.toBe(expired.customer.customerId);
    expect(await count('customer')).toBe(1);
  });

  it('refuses the key with different content', async () => {
    await register('k1');
    await expect(register('k1', { city: 'Hengelo' })).rejects.toMatchObject({ code: 'key-reused' });
  });

  it('stores no error, so the same request succeeds once its conflict is gone', async () => {
    const held = await register('k1');
    await expect(register('k2')).rejects.toMatchObject({ code: 'connection-held' });
    expect(await count('storedAnswer')).toBe(1);
    await context.db.deleteFrom('customer').execute();
    expect((await register('k2')).customer.customerId).not.toBe(held.customer.customerId);
  });

  it('expires a key after a day, and purges it', async () => {
    await register('k1');
    runtime.setClock(noon + day);
    await expect(register('k1')).rejects.toMatchObject({ code: 'connection-held' });
    expect((await register('k1', { connectionId: '9001' })).customer.connectionId).toBe('9001');
    await purgeOldAnswers(context.db, noon + 2 * day - 1);
    expect(await count('storedAnswer')).toBe(1);
    await purgeOldAnswers(context.db, noon + 2 * day);
    expect(await count('storedAnswer')).toBe(0);
  });

  it('stores neither the key nor the content as text', async () => {
    await register('a-key-by-corinne');
    const [stored] = await context.db.selectFrom('storedAnswer').selectAll().execute();
    expect(JSON.stringify(stored)).not.toContain('a-key-by-corinne');
    expect(stored).toMatchObject({ customerId: 1, createdAt: noon });
  });
});

it('gives a repeated registration the same answer after a restart', async () => {
  const url = `sqlite:${join(dataFolder(), 'crm.sqlite')}` as const;
  const register = async () => {
    const db = await openCrmDatabase(url);
    const context = { ...createTestRuntime(), db, onCommit: () => {} };
    const registered = await registerCustomer(context, data, { ...apiOrigin, idempotencyKey: 'k1' });
    await db.destroy();
    return registered;
  };
  expect(await register()).toEqual(await register());
});
