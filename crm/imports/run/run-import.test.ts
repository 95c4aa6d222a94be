import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { topics } from '../../../contracts/topics.ts';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { noon } from '../../../tests/test-runtime.ts';
import {
  dataOf,
  deleteCustomer,
  findCustomer,
  listCustomers,
  registerCustomer,
  replaceCustomer,
} from '../../customers/index.ts';
import { listJobs } from '../import-job.ts';
import { createJobForFile } from '../jobs/import-once.ts';
import { fileLimits, measureFile } from '../receive/receive-file.ts';
import { streamRefusedCsv } from '../report/refused-csv.ts';
import { runImport } from './run-import.ts';

const labFile = 'data/customer-database.csv';
const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate';

describe('importing customers', () => {
  it('creates eight from the lab’s file, the one without an id as number 8, and one event for each', async () => {
    const { importOnceFrom, countWaitingEvents, db } = await createImportFixture();
    expect(await importOnceFrom(labFile)).toMatchObject({ created: 8, unchanged: 0, refused: 0 });
    expect(await findCustomer(db, '8')).toMatchObject({ firstName: 'Mary', connectionId: '3481' });
    expect(await countWaitingEvents()).toBe(8);
  });

  it('does not import the same file again at the next start, even if a customer has moved since', async () => {
    const { importOnceFrom, countWaitingEvents, db, context } = await createImportFixture();
    await importOnceFrom(labFile);
    const mary = dataOf(await findCustomer(db, '8'));
    await replaceCustomer(context, '8', { ...mary, connectionId: '9001' });
    expect(await importOnceFrom(labFile)).toBeUndefined();
    expect(await countWaitingEvents()).toBe(10);
    expect(await listCustomers(db, {})).toHaveLength(8);
  });

  it('changes nothing when the same file is imported again', async () => {
    const { load, countWaitingEvents } = await createImportFixture();
    const rows = ['1,John,Doe,Eindhoven,8179,2', ',Mary,Bertrand,Winchelsea Beach,3481,1'];
    await load([header, ...rows]);
    for (const onConflict of ['skip', 'update', 'fail'] as const)
      expect(await load([header, ...rows], { onConflict })).toMatchObject({ unchanged: 2, created: 0, refused: 0 });
    expect(await countWaitingEvents()).toBe(2);
    expect(await countWaitingEvents(topics.customers)).toBe(2);
  });

  it('skips customers that exist and differ, and reports the difference', async () => {
    const { load, countWaitingEvents, db, context, reportRows } = await createImportFixture();
    await load([header, '1,John,Doe,Eindhoven,8179,2']);
    await replaceCustomer(context, '1', { ...dataOf(await findCustomer(db, '1')), connectionMandate: '0' });
    const job = await load([header, '1,John,Doe,Eindhoven,8179,2', '5,A,B,C,55,1']);
    expect(job).toMatchObject({ created: 1, skipped: 1, refused: 0 });
    expect(await reportRows(job)).toEqual([
      [2, 'skipped', 'connectionMandate', '2', 'differs from what customer 1 has'],
    ]);
    expect(await findCustomer(db, '1')).toMatchObject({ connectionMandate: '0' });
    expect(await countWaitingEvents()).toBe(3);
  });

  it('gives a connection the revisions of all rows of a transaction in order, however far apart they are', async () => {
    const { load, db, events } = await createImportFixture();
    await load([header, '1,Eva,Vos,Delft,A1,1', '2,Jan,Vos,Ede,A2,1']);
    const between = (from: number) => Array.from({ length: 130 }, (_, n) => `${from + n},F,L,C,${from + n},1`);
    const moves = [
      '1,Eva,Vos,Delft,B1,1',
      ...between(1000),
      '2,Jan,Vos,Ede,A1,2',
      ...between(2000),
      '3,Ina,Vos,Ede,A2,1',
    ];
    const job = await load([header, ...moves], { onConflict: 'update' });
    expect(job).toMatchObject({ updated: 2, created: 261, refused: 0 });
    expect((await events()).filter(([connectionId]) => connectionId === 'A1')).toEqual([
      ['A1', '1'],
      ['A1', '0'],
      ['A1', '2'],
    ]);
    const history = await db.selectFrom('mandateChange').selectAll().where('connectionId', '=', 'A2').execute();
    expect(history.sort((a, b) => a.revision - b.revision)).toMatchObject([
      { customerId: 2, connectionMandate: '1' },
      { customerId: 2, connectionMandate: '0' },
      { customerId: 3, connectionMandate: '1' },
    ]);
    const { revision } = await db
      .selectFrom('connection')
      .select('revision')
      .where('connectionId', '=', 'A2')
      .executeTakeFirstOrThrow();
    expect(revision).toBe(history.at(-1)?.revision);
  });

  it('with onConflict=update, updates the columns that the file has, and revokes a connection that a customer leaves', async () => {
    const { load, db, events } = await createImportFixture();
    await load([`${header},email,phone`, '1,Eva,Vos,Delft,77,1,a@b.nl,+31 15 1234567']);
    const job = await load([`${header},phone`, '1,Eva,Vos,Gouda,78,2,'], { onConflict: 'update' });
    expect(job).toMatchObject({ updated: 1, created: 0, refused: 0 });
    expect(await findCustomer(db, '1')).toMatchObject({ city: 'Gouda', email: 'a@b.nl', phone: null, version: 2 });
    expect(await events()).toEqual([
      ['77', '1'],
      ['77', '0'],
      ['78', '2'],
    ]);
  });

  it('with onConflict=fail, refuses rows that differ and imports the others', async () => {
    const { load, reportRows } = await createImportFixture();
    await load([header, '1,John,Doe,Eindhoven,8179,2']);
    const job = await load([header, '1,Jan,Doe,Eindhoven,8179,2', '2,Jane,Quiz,Veldhoven,1721,0'], {
      onConflict: 'fail',
    });
    expect(job).toMatchObject({ created: 1, refused: 1 });
    expect(await reportRows(job)).toEqual([[2, 'refused', 'firstName', 'Jan', 'differs from what customer 1 has']]);
  });

  it('neither grants a connection again that was given up nor registers a deleted customer again', async () => {
    const { load, countWaitingEvents, db, context, reportRows } = await createImportFixture();
    const file = [header, ',Mary,Bertrand,Winchelsea Beach,3481,1', '7,John,Doe,Eindhoven,8179,2'];
    await load(file);
    const mary = (await listCustomers(db, {})).find(({ firstName }) => firstName === 'Mary');
    await replaceCustomer(context, String(mary?.customerId), { ...dataOf(mary as never), connectionId: '5555' });
    await deleteCustomer(context, '7');
    const before = await countWaitingEvents();
    for (const onConflict of ['skip', 'update', 'fail'] as const) {
      const job = await load(file, { onConflict });
      expect(job).toMatchObject({ created: 0, updated: 0, [onConflict === 'skip' ? 'skipped' : 'refused']: 2 });
      expect((await reportRows(job)).map(([line, , column]) => [line, column])).toEqual([
        [2, 'connectionId'],
        [3, 'customerId'],
      ]);
    }
    expect(await countWaitingEvents()).toBe(before);
  });

  it('refuses a connection that another customer holds, unless an earlier row frees it', async () => {
    const { load, reportRows, db } = await createImportFixture();
    await load([header, '1,John,Doe,Eindhoven,8179,2', '2,Jane,Quiz,Veldhoven,1721,0']);
    const lines = [header, '3,Eva,Vos,Delft,8179,1', '1,John,Doe,Eindhoven,9000,2', '2,Jane,Quiz,Veldhoven,8179,0'];
    const options = { onConflict: 'update' } as const;
    for (const dryRun of [true, false]) {
      const job = await load(lines.toSpliced(1, 1), { ...options, dryRun });
      expect(job).toMatchObject({ updated: 2, refused: 0 });
    }
    expect(await findCustomer(db, '2')).toMatchObject({ connectionId: '8179' });
    const job = await load(lines.slice(0, 2), options);
    expect(await reportRows(job)).toEqual([[2, 'refused', 'connectionId', '8179', 'held by customer 2']]);
  });

  it('assigns no id that a later row of the file has', async () => {
    const { load, db } = await createImportFixture();
    await load([header, ',Mary,Bertrand,Winchelsea Beach,3481,1', '1,John,Doe,Eindhoven,8179,2']);
    expect(await findCustomer(db, '1')).toMatchObject({ firstName: 'John' });
    expect(await listCustomers(db, {})).toMatchObject([{}, { firstName: 'Mary' }]);
  });

  it('refuses an id above the limit for imported ids, so that the database never runs out of ids', async () => {
    const { load, reportRows, db, context } = await createImportFixture();
    const job = await load([
      header,
      '2147483647,A,B,C,1,1',
      '1000000001,A,B,C,2,1',
      '007,A,B,C,4,1',
      '1000000000,A,B,C,3,1',
    ]);
    const expected = 'a whole number from 1 to 1000000000 without leading zeros, or empty for a new number';
    expect(await reportRows(job)).toEqual([
      [2, 'refused', 'customerId', '2147483647', expected],
      [3, 'refused', 'customerId', '1000000001', expected],
      [4, 'refused', 'customerId', '007', expected],
    ]);
    const data = { ...dataOf(await findCustomer(db, '1000000000')), connectionId: '4' };
    const { customer } = await registerCustomer(context, data);
    expect(await findCustomer(db, customer.customerId)).toMatchObject({ customerId: '1000000001' });
  });

  it('reports invalid rows with line, column, value and reason, and imports the others', async () => {
    const { load, db, reportRows } = await createImportFixture();
    const job = await load([
      header,
      '1,John,Doe,Eindhoven,008179,2',
      '2,Jane,Quiz,Veldhoven,1721,9',
      'x,Pierre,Charque,Zoetermeer,5138,1',
      '5,Markus,Berg',
      '',
      ',,,,,',
      '6,Yasmin,Johansson,Wijk, bij Duurstede,5690,2',
      '7,"Corinne,Lopez,Enschede,7733,1',
      '8,Mary,"Bertrand\nMulder",Winchelsea Beach,3481,1',
      '9,Eva,Vos,Delft,8.7E+17,1',
      '10,Eva,Vos,Delft,77,1',
    ]);
    expect(job).toMatchObject({ created: 2, refused: 7 });
    expect((await reportRows(job)).map(([line, , column, value]) => [line, column, value])).toEqual([
      [3, 'connectionMandate', '9'],
      [4, 'customerId', 'x'],
      [5, 'city', ''],
      [5, 'connectionId', ''],
      [5, 'connectionMandate', ''],
      [8, null, '2'],
      [9, null, '7,"Corinne,Lopez,Enschede,7733,1'],
      [10, 'lastName', 'Bertrand\nMulder'],
      [12, 'connectionId', '8.7E+17'],
    ]);
    expect(await findCustomer(db, '1')).toMatchObject({ connectionId: '008179' });
  });

  it.each(['8.7E+17', '8,71687E+17', '8.7e+17'])('reports that a spreadsheet has rounded %j', async (ean) => {
    const { load, reportRows } = await createImportFixture();
    const job = await load([header.replaceAll(',', ';'), `1;Eva;Vos;Delft;${ean};1`]);
    expect(await reportRows(job)).toEqual([
      [2, 'refused', 'connectionId', ean, expect.stringContaining('spreadsheet has rounded')],
    ]);
  });

  it('refuses a connection or an id that the file has twice, and names the line of the first', async () => {
    const { load, reportRows } = await createImportFixture();
    const many = Array.from({ length: 1100 }, (_, n) => `${n + 10},F,L,C,${1000 + n},1`);
    const lines = [header, '1,Eva,Vos,Delft,77,1', ...many, '2,Jan,Vos,Delft,77,1', '1,Jan,Vos,Delft,78,1'];
    for (const dryRun of [true, false]) {
      const job = await load(lines, { dryRun });
      expect(job).toMatchObject({ created: 1101, refused: 2 });
      expect(await reportRows(job)).toEqual([
        [1103, 'refused', 'connectionId', '77', 'also on line 2'],
        [1104, 'refused', 'customerId', '1', 'also on line 2'],
      ]);
    }
  });

  it('ignores the connection of a refused row when it looks for duplicates', async () => {
    const { load, reportRows } = await createImportFixture();
    const job = await load([header, '50,Eva,Vos,Delft,1,1', '50,Eva,Vos,Delft,2,1', '51,Jan,Vos,Delft,2,1']);
    expect(job).toMatchObject({ created: 2, refused: 1 });
    expect(await reportRows(job)).toEqual([[3, 'refused', 'customerId', '50', 'also on line 2']]);
  });

  it('refuses a refused row again that was not corrected', async () => {
    const { load, db } = await createImportFixture();
    const rows = [
      '1,"Ria,Vos,Delft,77,1',
      '2,"Ria"x,Vos,Delft,78,1',
      '3,"Ria,Vos,Delft,79,1,,',
      Buffer.concat([Buffer.from('4,Jos\xe9,', 'latin1'), Buffer.from('Müller,Delft,80,1')]),
      '5,Ria,Vos,Delft,81,1,more',
      '6,Ri\ufffda,Vos,Delft,82,1',
      `7,${'x'.repeat(70_000)},Vos,Delft,83,1`,
    ];
    let job = await load([header, ...rows]);
    for (let again = 0; again < 2; again++) {
      expect(job).toMatchObject({ created: 0, refused: rows.length });
      job = await load([await text(Readable.from(streamRefusedCsv(db, job)))]);
    }
    const uncorrected = await load([header, '6,Ri\ufffda,Vos,Delft,82,1']);
    expect(uncorrected).toMatchObject({ refused: 1 });
  });

  it('accepts a byte order mark, Windows line ends, unknown columns and any order of columns', async () => {
    const { load, db } = await createImportFixture();
    const job = await load([
      '\uFEFFremark,Email,city,connectionMandate,connectionId,lastName,firstName\r',
      '"new, and\r\nvaluable",a@b.nl,Delft,1,77,Vos,Eva\r',
    ]);
    expect(job).toMatchObject({ created: 1, refused: 0 });
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
      revision: noon,
    });
  });

  it('reads rows in Latin-1 and counts them, and refuses a row in two encodings', async () => {
    const { load, db, reportRows } = await createImportFixture();
    const latin1 = (text: string) => Buffer.from(text, 'latin1');
    const job = await load([
      header,
      latin1('1,Ren\xe9,Vos,Delft,77,1'),
      Buffer.concat([Buffer.from('2,René,'), latin1('M\xfcller,Delft,78,1')]),
    ]);
    expect(job).toMatchObject({ created: 1, refused: 1, recoded: 1 });
    expect(await findCustomer(db, '1')).toMatchObject({ firstName: 'René' });
    expect(await reportRows(job)).toMatchObject([
      [3, 'refused', null, expect.anything(), expect.stringContaining('encoding')],
    ]);
  });

  it('records the file as the reference of each mandate', async () => {
    const { load, db } = await createImportFixture();
    const { digest } = await load([header, '1,Eva,Vos,Delft,77,1']);
    expect(await db.selectFrom('mandateChange').selectAll().execute()).toEqual([
      {
        connectionId: '77',
        revision: noon,
        customerId: 1,
        connectionMandate: '1',
        changedAt: noon,
        changedBy: null,
        channel: 'csv-import',
        reference: `customers.csv sha256:${digest.slice(0, 16)}`,
      },
    ]);
  });

  it('writes only its report in a dry run, and the next start still imports the file', async () => {
    const { load, countWaitingEvents, db, writeCsv, importOnceFrom } = await createImportFixture();
    await load([header, '1,Eva,Vos,Delft,77,1']);
    const lines = [header, '1,Eva,Vos,Gouda,77,1', ',Jan,Vos,Delft,78,1', '3,Jan,Vos,Delft,77,1', 'x'];
    const dry = await load(lines, { dryRun: true, onConflict: 'update' });
    expect(await countWaitingEvents()).toBe(1);
    expect(await listCustomers(db, {})).toMatchObject([{ customerId: '1', city: 'Delft' }]);
    const real = await load(lines, { onConflict: 'update' });
    const { created, updated, refused } = real;
    expect(dry).toMatchObject({ created, updated, refused });
    expect(real).toMatchObject({ created: 1, updated: 1, refused: 2 });

    const another = writeCsv([header, '9,Eva,Vos,Gouda,99,1']);
    await load([header, '9,Eva,Vos,Gouda,99,1'], { dryRun: true });
    expect(await importOnceFrom(another)).toMatchObject({ created: 1 });
  });

  it('names a column that is missing or duplicate, and a file that cannot be read', async () => {
    const { load } = await createImportFixture();
    await expect(load(['firstName,lastName,city,connectionId', 'a,b,c,1'])).rejects.toThrow('connectionMandate');
    await expect(load([`${header},City`, 'a,b,c,1'])).rejects.toThrow('city twice');
    await expect(load([''])).rejects.toThrow('empty');
    await expect(measureFile(join(dataFolder(), 'nothing.csv'))).rejects.toThrow('nothing.csv cannot be read');
  });

  it('refuses a file above its limits', async () => {
    const { writeCsv } = await createImportFixture();
    const file = writeCsv([header, '1,Eva,Vos,Delft,77,1', '2,Eva,Vos,Delft,78,1']);
    await expect(measureFile(file, { ...fileLimits, lines: 1 })).rejects.toThrow('more than 1 lines');
    await expect(measureFile(file, { ...fileLimits, bytes: 50 })).rejects.toThrow('more than 50 bytes');
    expect(await measureFile(file, { bytes: 1000, lines: 3 })).toMatchObject({ lines: 3 });
  });
});

it('an import that is stopped after its last rows is resumed, and then finished', async () => {
  const { context, writeCsv, resume, countWaitingEvents } = await createImportFixture();
  const file = writeCsv([header, '1,Eva,Vos,Delft,A1,1']);
  const job = await createJobForFile(context, file, { dryRun: false, onConflict: 'skip' });
  const stopped = await runImport(context, job, file, { stop: AbortSignal.abort() });
  expect(stopped).toMatchObject({ state: 'running', created: 1 });
  expect(await resume()).toMatchObject({ state: 'finished', created: 1, unchanged: 0 });
  expect(await countWaitingEvents()).toBe(1);
});

describe('a killed import', () => {
  const lines = [header, ...Array.from({ length: 2401 }, (_, n) => `${n % 3 === 0 ? '' : n + 1},F,L,C,${1000 + n},1`)];

  it.each([0, 1, 4, 5, 6, 7])('resumes after %i transactions and counts every row once', async (transactions) => {
    const { loadUntilKilled, resume, countWaitingEvents, killAfter } = await createImportFixture();
    killAfter(transactions);
    await loadUntilKilled([...lines, 'x']);
    expect(await resume()).toMatchObject({ state: 'finished', created: 2401, unchanged: 0, refused: 1 });
    expect(await countWaitingEvents()).toBe(2401);
  });

  it.each([
    2, 5,
  ])('has the same dry-run report as an uninterrupted one, after %i transactions', async (transactions) => {
    const { load, loadUntilKilled, resume, killAfter, reportRows } = await createImportFixture();
    const held = Array.from({ length: 1200 }, (_, n) => `${n + 1},F,L,C,${1000 + n},1`);
    await load([header, ...held]);
    const freed = Array.from({ length: 1200 }, (_, n) => `${n + 1},F,L,C,${5000 + n},1`);
    const takesOver = Array.from({ length: 1200 }, (_, n) => `${n + 3000},F,L,C,${1000 + n},1`);
    const moves = [header, 'x', ...freed, ...takesOver];
    const dry = { dryRun: true, onConflict: 'update' } as const;
    const whole = await load(moves, dry);
    killAfter(transactions);
    await loadUntilKilled(moves, dry);
    const { importId, ...resumed } = await resume();
    expect(resumed).toEqual({ ...whole, importId: undefined });
    expect(resumed).toMatchObject({ created: 1200, updated: 1200, refused: 1 });
    expect(await reportRows({ ...whole, importId })).toEqual(await reportRows(whole));
  });

  it('is marked as failed when it throws', async () => {
    const { load, killAfter, db } = await createImportFixture();
    killAfter(2);
    await expect(load(lines)).rejects.toThrow('killed');
    expect(await listJobs(db, 1)).toMatchObject([
      { state: 'failed', created: 1000, finishedAt: noon, failure: expect.stringContaining('import the file again') },
    ]);
  });

  it('changes nothing twice when its file is imported again from the beginning', async () => {
    const { load, loadUntilKilled, countWaitingEvents, killAfter, db } = await createImportFixture();
    killAfter(3);
    await loadUntilKilled(lines);
    killAfter(Number.POSITIVE_INFINITY);
    const { created, unchanged } = await load(lines);
    expect([created + unchanged, await countWaitingEvents()]).toEqual([2401, 2401]);
    expect(unchanged).toBeGreaterThan(0);
    expect(new Set((await listCustomers(db, {})).map(({ connectionId }) => connectionId)).size).toBe(2401);
  });

  it('is resumed by one of two processes only', async () => {
    const { loadUntilKilled, resume, killAfter, countWaitingEvents } = await createImportFixture();
    killAfter(2);
    await loadUntilKilled(lines);
    const both = await Promise.allSettled([resume(), resume()]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await countWaitingEvents()).toBe(2401);
  });
});
