import { type Kysely, sql } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { asObject } from '../../../tests/exported.ts';
import { byHerself, liveAsQuirine, quirine, traces } from '../../../tests/quirine.ts';
import { createTestRuntime, noon } from '../../../tests/test-runtime.ts';
import { readWaiting } from '../../../tests/waiting-events.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { type CrmContext, registerCustomer } from '../change/change-customer.ts';
import { readMandateHistory } from '../history/mandate-history.ts';
import { erasePerson } from './erase-person.ts';
import { createErasures, type Erasures } from './erasures.ts';
import { exportPerson } from './export-person.ts';
import { deleteCustomer } from './remove-customer.ts';
import { customerDataSources } from './sources.ts';

const runtime = createTestRuntime();
let context: CrmContext;
let erasures: Erasures;
beforeEach(async () => {
  runtime.setClock(noon);
  context = { ...runtime, db: await openTestDatabase(), onCommit: () => {} };
  erasures = createErasures({ db: context.db, sources: customerDataSources });
});

const erase = (customerId: string) => erasePerson(context, erasures, customerId, byHerself);

/** Finds which traces of the person are in any column of any table, including tables of later migrations. */
const findTraces = async (db: Kysely<CrmDatabase>) => {
  const tables = await db.introspection.getTables();
  const results = await Promise.all(tables.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(db)));
  const everything = JSON.stringify(results.map(({ rows }) => rows));
  return traces.filter((trace) => everything.includes(trace));
};

describe('erasing a person', () => {
  it('leaves nothing that names the person in any table', async () => {
    const id = await liveAsQuirine(context);
    expect(await findTraces(context.db)).toEqual(traces);
    await erase(id);
    expect(await findTraces(context.db)).toEqual([]);
  });

  it('leaves nothing that names a customer who was deleted before', async () => {
    const id = await liveAsQuirine(context);
    await deleteCustomer(context, id, byHerself);
    expect(await findTraces(context.db)).not.toEqual([]);
    await erase(id);
    expect(await findTraces(context.db)).toEqual([]);
  });

  it('revokes the connection, and keeps the evidence without a name', async () => {
    await registerCustomer(context, quirine, byHerself);
    runtime.setClock(noon + 1000);
    expect(await erase('1')).toEqual({
      customerId: '1',
      erasedAt: new Date(noon + 1000).toISOString(),
      mandateRevision: noon + 1000,
    });
    const evidence = { connectionId: '4711', changedBy: 'erased', channel: 'phone', reference: 'erased' };
    expect(await readMandateHistory(context.db, 1)).toMatchObject([
      { ...evidence, connectionMandate: '0', revision: noon + 1000 },
      { ...evidence, connectionMandate: '2', revision: noon },
    ]);
    const events = await readWaiting(context.db, topics.connectionMandates);
    expect(events.map(({ event }) => event?.data)).toEqual([
      { connectionId: '4711', connectionMandate: '2' },
      { connectionId: '4711', connectionMandate: '0' },
    ]);
  });

  it('keeps the data of other customers', async () => {
    const id = await liveAsQuirine(context);
    await registerCustomer(context, { ...quirine, connectionId: '5001', firstName: 'Ada' }, byHerself);
    await erase(id);
    const ada = await asObject(await exportPerson(context, customerDataSources, '2'));
    expect(ada).toMatchObject({ erasedAt: null, customer: { firstName: 'Ada' } });
    expect(ada.mandateHistory).toEqual([expect.objectContaining({ changedBy: 'Quirine Vandenzwaluw' })]);
  });

  it('can be repeated, even simultaneously, and keeps the time of the first erasure', async () => {
    const id = await liveAsQuirine(context);
    const both = await Promise.all([erase(id), erase(id)]);
    expect(both.map(({ mandateRevision }) => typeof mandateRevision).sort()).toEqual(['number', 'undefined']);
    runtime.setClock(noon + 5000);
    expect((await erase(id)).erasedAt).toBe(new Date(noon).toISOString());
    expect(await readMandateHistory(context.db, Number(id))).toHaveLength(4);
  });

  it('fails for an id that never was a customer', async () => {
    await expect(erase('42')).rejects.toMatchObject({ code: 'customer-unknown' });
  });

  it('does not let a repeated request register the person again', async () => {
    await erase(await liveAsQuirine(context));
    const again = registerCustomer(context, quirine, { ...byHerself, idempotencyKey: 'for-Quirine' });
    await expect(again).rejects.toMatchObject({ code: 'answer-erased' });
  });
});
