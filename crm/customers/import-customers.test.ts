import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openTestDatabase } from '../../tests/crm-database.ts';
import { noon, testWorld } from '../../tests/test-world.ts';
import { replaceCustomer } from './change-customer.ts';
import { findCustomer, listCustomers } from './find-customers.ts';
import { importCustomers } from './import-customers.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'import-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';
const file = (...lines: string[]) => {
  const path = join(folder, 'customers.csv');
  writeFileSync(path, lines.join('\n'));
  return path;
};
const crm = async () => {
  const db = await openTestDatabase();
  const changes = { ...testWorld(), db, committed: () => {} };
  const waiting = async () => (await db.selectFrom('outbox').selectAll().execute()).length;
  return { changes, db, waiting, load: (path: string) => importCustomers(changes, path) };
};

describe('importing customers', () => {
  it('creates eight from the lab’s file, the one without an id as number 8, and one event for each', async () => {
    const { load, waiting, db } = await crm();
    expect(await load('data/customer-database.csv')).toMatchObject({ created: 8, unchanged: 0, refused: [] });
    expect(await findCustomer(db, '8')).toMatchObject({ firstName: 'Mary', connectionId: '3481' });
    expect(await waiting()).toBe(8);
  });

  it('leaves a file alone that was imported before, even where a customer has moved since', async () => {
    const { load, waiting, db, changes } = await crm();
    const { customerId: _, ...mary } = {
      ...(await load('data/customer-database.csv').then(() => findCustomer(db, '8'))),
    };
    await replaceCustomer(changes, '8', { ...mary, connectionId: '9001' });
    expect(await load('data/customer-database.csv')).toMatchObject({ importedBefore: true, created: 0 });
    expect(await waiting()).toBe(10);
    expect(await listCustomers(db, {})).toHaveLength(8);
  });

  it('leaves customers alone that are there when the file has grown', async () => {
    const { load, waiting, db, changes } = await crm();
    await load(file(header, '1,John,Doe,Eindhoven,8179,2', ',Mary,Bertrand,Winchelsea Beach,3481,1'));
    await replaceCustomer(changes, '1', { ...(await findWithoutId(db, '1')), connectionMandate: '0' });
    const grown = file(header, '1,John,Doe,Eindhoven,8179,2', ',Mary,Bertrand,Winchelsea Beach,3481,1', '5,A,B,C,55,1');
    expect(await load(grown)).toMatchObject({
      created: 1,
      unchanged: 1,
      differing: [{ line: 2, fields: ['connectionMandate'] }],
      refused: [],
    });
    expect(await findCustomer(db, '1')).toMatchObject({ connectionMandate: '0' });
    expect(await waiting()).toBe(4);
  });

  it('grants no connection again that a customer has given up since', async () => {
    const { load, waiting, db, changes } = await crm();
    await load(file(header, ',Mary,Bertrand,Winchelsea Beach,3481,1'));
    await replaceCustomer(changes, '1', { ...(await findWithoutId(db, '1')), connectionId: '5555' });
    const report = await load(file(header, ',Mary,Bertrand,Winchelsea Beach,3481,1', '7,A,B,C,55,1'));
    expect(report).toMatchObject({ created: 1, differing: [{ line: 2, fields: ['connectionId'] }] });
    expect(await listCustomers(db, {})).toHaveLength(2);
    expect(await waiting()).toBe(4);
  });

  it('says that a file with an open quote cannot be used, and that an empty one cannot', async () => {
    const { load } = await crm();
    await expect(load(file(header, '1,"John,Doe,Eindhoven,8179,2'))).rejects.toThrow(/customers.csv: Quote/);
    await expect(load(file(''))).rejects.toThrow('it is empty');
  });

  it('gives no row without an id the id of a row behind it', async () => {
    const { load, db } = await crm();
    await load(file(header, ',Mary,Bertrand,Winchelsea Beach,3481,1', '1,John,Doe,Eindhoven,8179,2'));
    expect(await findCustomer(db, '1')).toMatchObject({ firstName: 'John' });
    expect(await findCustomer(db, '2')).toMatchObject({ firstName: 'Mary' });
  });

  it('refuses bad rows by line and field, and imports the others', async () => {
    const { load, db } = await crm();
    const { created, refused } = await load(
      file(
        header,
        '1,John,Doe,Eindhoven,8179,2',
        '2,Jane,Quiz,Veldhoven,1721,9',
        'x,Pierre,Charque,Zoetermeer,5138,1',
        '4,Pablo,Mendoza,Hoevelaken,8179,1',
        '5,Markus,Berg',
        '',
        '6,Yasmin,Johansson,Wijk bij Duurstede,005690,2',
      ),
    );
    expect(created).toBe(2);
    expect(refused.map(({ line, errors }) => [line, errors.map(({ field }) => field)]).sort()).toEqual([
      [3, ['connectionMandate']],
      [4, ['customerId']],
      [5, ['connectionId']],
      [6, ['city', 'connectionId', 'connectionMandate']],
    ]);
    expect(await findCustomer(db, '6')).toMatchObject({ connectionId: '005690' });
  });

  it('takes a byte order mark, Windows line ends, other columns and another order of them', async () => {
    const { load, db } = await crm();
    const lines =
      '\uFEFFremark,email,city,connectionMandate,connectionId,lastName,firstName\r\nnew,a@b.nl,Delft,1,77,Vos,Eva\r\n';
    const path = file(lines);
    expect(await load(path)).toMatchObject({ created: 1, refused: [] });
    expect(await findCustomer(db, '1')).toEqual({
      customerId: '1',
      firstName: 'Eva',
      lastName: 'Vos',
      city: 'Delft',
      connectionId: '77',
      connectionMandate: '1',
      email: 'a@b.nl',
      phone: null,
      createdAt: noon,
      updatedAt: noon,
      version: 1,
    });
  });

  it('compares an e-mail address and a phone number where the file has them, and leaves out those that are empty', async () => {
    const { load, db } = await crm();
    const lines = [`${header},email,phone`, '1,Eva,Vos,Delft,77,1,,+31 15 1234567', '2,Jan,Vos,Delft,78,1,jan,'];
    expect(await load(file(...lines))).toMatchObject({
      created: 1,
      refused: [{ line: 3, errors: [{ field: 'email' }] }],
    });
    expect(await findCustomer(db, '1')).toMatchObject({ email: null, phone: '+31 15 1234567' });
    expect(await load(file(header, '1,Eva,Vos,Delft,77,1'))).toMatchObject({ unchanged: 1, differing: [] });
    expect(await load(file(`${header},phone`, '1,Eva,Vos,Delft,77,1,'))).toMatchObject({
      differing: [{ line: 2, fields: ['phone'] }],
    });
  });

  it('writes where a mandate comes from', async () => {
    const { load, db } = await crm();
    await load(file(header, '1,Eva,Vos,Delft,77,1'));
    expect(await db.selectFrom('mandateChange').selectAll().execute()).toEqual([
      {
        connectionId: '77',
        revision: noon,
        customerId: 1,
        connectionMandate: '1',
        changedAt: noon,
        changedBy: null,
        channel: 'csv-import',
        reference: null,
      },
    ]);
  });

  it('says which column is missing, and which file', async () => {
    const { load } = await crm();
    await expect(load(file('firstName,lastName,city,connectionId', 'a,b,c,1'))).rejects.toThrow('connectionMandate');
    await expect(load(join(folder, 'nothing.csv'))).rejects.toThrow('nothing.csv cannot be read');
  });

  it('imports many rows across transactions', async () => {
    const { load, waiting } = await crm();
    const rows = Array.from({ length: 1201 }, (_, n) => `${n + 1},F,L,C,${1000 + n},1`);
    expect(await load(file(header, ...rows))).toMatchObject({ created: 1201 });
    expect(await waiting()).toBe(1201);
  });
});

const findWithoutId = async (...args: Parameters<typeof findCustomer>) => {
  const { customerId: _, ...data } = await findCustomer(...args);
  return data;
};
