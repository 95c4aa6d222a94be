import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Kysely, sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { openSqlite } from '../../../lib/sqlite.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { noon, testWorld } from '../../../tests/test-world.ts';
import { openCrmDatabase } from '../../database/open-database.ts';
import type { CrmDatabase } from '../../database/schema.ts';
import { type ChangeOrigin, throughApi } from '../announce-mandates.ts';
import { changeCustomer, insertCustomer, inTransaction, registerCustomer } from '../change-customer.ts';
import type { CustomerData } from '../customer.ts';
import { findNumber, mandateHistory } from '../mandate-history.ts';
import { deleteCustomer } from '../remove-customer.ts';
import { erasePerson } from './erase-person.ts';
import { exportPerson } from './export-person.ts';
import { heldBesideTheRecord } from './held-beside-the-record.ts';

const quirine: CustomerData = {
  firstName: 'Quirine',
  lastName: 'Vandenzwaluw',
  city: 'Xanten',
  connectionId: '4711',
  connectionMandate: '2',
  email: 'q.zwaluw@example.org',
  phone: '+31 6 98765432',
};
const traces = ['Quirine', 'Vandenzwaluw', 'Zwaluwstaart', 'Xanten', 'q.zwaluw', '98765432'];
const byHerself: ChangeOrigin = {
  evidence: { changedBy: 'Quirine Vandenzwaluw', channel: 'phone', reference: 'call of Mrs Vandenzwaluw' },
};

const crm = async () => {
  const folder = dataFolder();
  const file = join(folder, 'crm.sqlite');
  const world = testWorld();
  const db = await openCrmDatabase(`sqlite:${file}`);
  const changes = { ...world, db, committed: () => {} };
  const bytes = () =>
    Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toString('latin1');
  const found = () => traces.filter((trace) => bytes().includes(trace));
  const erase = (id: string) => erasePerson(changes, heldBesideTheRecord, id, byHerself);
  return { changes, db, file, found, erase, setClock: world.setClock };
};

/** Every column of every table, whichever migrations come. */
const everything = async (db: Kysely<CrmDatabase>) => {
  const tables = await db.introspection.getTables();
  const rows = tables.map(({ name }) => sql`select * from ${sql.table(name)}`.execute(db));
  return JSON.stringify((await Promise.all(rows)).map((result) => result.rows));
};

/** Registers, marries and moves her. */
const live = async ({ changes }: Awaited<ReturnType<typeof crm>>) => {
  const origin = { ...byHerself, idempotencyKey: 'for-Quirine' };
  const { customer } = await registerCustomer(changes, quirine, origin);
  await changeCustomer(changes, customer.customerId, (data) => ({ ...data, lastName: 'Zwaluwstaart' }), byHerself);
  await changeCustomer(changes, customer.customerId, (data) => ({ ...data, connectionId: '4712' }), byHerself);
  return customer.customerId;
};

describe('erasing a person', () => {
  it('leaves nothing that names her, in no table and in no byte of the file', async () => {
    const here = await crm();
    const id = await live(here);
    expect(here.found()).toEqual(traces);
    await here.erase(id);
    expect(here.found()).toEqual([]);
    const left = await everything(here.db);
    expect(traces.filter((trace) => left.includes(trace))).toEqual([]);
  });

  it('leaves nothing of whoever was deleted before', async () => {
    const here = await crm();
    const id = await live(here);
    await deleteCustomer(here.changes, id, byHerself);
    expect(here.found()).not.toEqual([]);
    await here.erase(id);
    expect(here.found()).toEqual([]);
  });

  it('revokes the connection, and keeps the evidence without a name', async () => {
    const { changes, db, erase, setClock } = await crm();
    const { customer } = await registerCustomer(changes, quirine, byHerself);
    setClock(noon + 1000);
    expect(await erase('1')).toEqual({
      customerId: '1',
      erasedAt: new Date(noon + 1000).toISOString(),
      mandateRevision: noon + 1000,
    });
    const history = await mandateHistory(db, await findNumber(db, customer.customerId));
    expect(history.map(({ connectionMandate, revision }) => [connectionMandate, revision])).toEqual([
      ['0', noon + 1000],
      ['2', noon],
    ]);
    expect(history[1]).toMatchObject({ changedBy: 'erased', channel: 'phone', reference: 'erased' });
    const events = await db.selectFrom('outbox').select('event').orderBy('sequence').execute();
    expect(events.map(({ event }) => JSON.parse(event).data)).toEqual([
      { connectionId: '4711', connectionMandate: '2' },
      { connectionId: '4711', connectionMandate: '0' },
    ]);
  });

  it('leaves others alone', async () => {
    const here = await crm();
    const id = await live(here);
    await registerCustomer(here.changes, { ...quirine, connectionId: '5001', firstName: 'Ada' }, byHerself);
    await here.erase(id);
    const ada = await exportPerson(here.changes, heldBesideTheRecord, '2');
    expect(ada).toMatchObject({ erasedAt: null, customer: { firstName: 'Ada' } });
    expect(ada.mandateHistory).toEqual([expect.objectContaining({ changedBy: 'Quirine Vandenzwaluw' })]);
  });

  it('may be repeated, and keeps the time of the first', async () => {
    const here = await crm();
    const id = await live(here);
    const first = await here.erase(id);
    here.setClock(noon + 5000);
    expect(await here.erase(id)).toEqual({ ...first, mandateRevision: undefined });
  });

  it('knows nobody who never was a customer', async () => {
    const { erase } = await crm();
    await expect(erase('42')).rejects.toMatchObject({ code: 'customer-unknown' });
  });

  it('does not let a repeated attempt register her again, nor an import give her number to another', async () => {
    const here = await crm();
    const id = await live(here);
    await here.erase(id);
    const again = registerCustomer(here.changes, quirine, { ...byHerself, idempotencyKey: 'for-Quirine' });
    await expect(again).rejects.toMatchObject({ code: 'answer-erased' });
    const imported = inTransaction(here.changes, (trx) =>
      insertCustomer(trx, { ...quirine, customerId: id }, { ...here.changes, ...throughApi }),
    );
    await expect(imported).rejects.toMatchObject({ code: 'customer-erased' });
  });

  it('says when another process still reads the old pages, and is finished by a repetition', async () => {
    const here = await crm();
    const id = await live(here);
    const other = openSqlite(here.file);
    other.exec('BEGIN');
    other.prepare('SELECT * FROM customer').all();
    await sql`PRAGMA busy_timeout = 50`.execute(here.db);
    await expect(here.erase(id)).rejects.toMatchObject({ code: 'database-in-use' });
    expect(here.found()).not.toEqual([]);
    other.exec('COMMIT');
    await here.erase(id);
    expect(here.found()).toEqual([]);
    other.close();
  });
});
