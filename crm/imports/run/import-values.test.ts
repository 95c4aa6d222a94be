import { describe, expect, it } from 'vitest';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import { findCustomer, listCustomers } from '../../customers/index.ts';
import { columnChoices } from '../column-names.ts';
import { showImport } from '../report/show-import.ts';

const header = 'customerId,firstName,lastName,city,connectionId,connectionMandate,email,phone';
const choose = (...texts: string[]) => columnChoices.parse(texts);

describe('the values of a file', () => {
  it('lose white space inside and outside quotes, and the ="…" of spreadsheets', async () => {
    const { load, db } = await createImportFixture();
    const rows = [
      '"1\u00a0"," Eva\u3000","\ufeffVos", "Delft\t","A1 ","1\u2007","eva@example.org\u00a0","+31 6 11111111\u202f"',
      '="2",="Jan","=""de """"Boer"""" ""","=""Delft""",="0071",="1",="jan@example.org","=""06 11111112"""',
    ];
    expect(await load([header, ...rows])).toMatchObject({ created: 2, refused: 0 });
    const eva = { firstName: 'Eva', lastName: 'Vos', city: 'Delft', connectionId: 'A1', connectionMandate: '1' };
    expect(await findCustomer(db, '1')).toMatchObject({ ...eva, email: 'eva@example.org', phone: '+31 6 11111111' });
    expect(await findCustomer(db, '2')).toMatchObject({
      ...{ firstName: 'Jan', lastName: 'de "Boer"', city: 'Delft', connectionId: '0071' },
      ...{ email: 'jan@example.org', phone: '06 11111112' },
    });
  });

  it('of a refused row are found by an erasure, although white space and ="…" surround them', async () => {
    const { load, db } = await createImportFixture();
    await load([header, '"\u00a07 ",Eva,Vos,Delft,="A1",3,,']);
    const rows = await db.selectFrom('importedRow').select(['customerId', 'connectionId']).execute();
    expect(rows).toEqual([{ customerId: 7, connectionId: 'A1' }]);
  });

  it('are empty if they are only white space', async () => {
    const { load, db, reportRows } = await createImportFixture();
    const job = await load([header, '1,Eva,Vos,Delft,A1,1,"\u00a0",=""', '2,"\u00a0",Vos,Delft,A2,1,,,"\u00a0"']);
    expect(job).toMatchObject({ created: 1, refused: 1 });
    expect(await findCustomer(db, '1')).toMatchObject({ email: null, phone: null });
    expect(await reportRows(job)).toEqual([
      [3, 'refused', 'firstName', '\u00a0', expect.stringContaining('required: text of 1 to 100')],
    ]);
  });

  it('are refused for an invisible character, which the reason names', async () => {
    const { load, reportRows } = await createImportFixture();
    const job = await load([header, '1,\u200b,Vos,Delft,A1,1,,', '2,\u202eJan,Vos,Delft,A2\u200b,1,,06\u202e123456']);
    expect(job).toMatchObject({ created: 0, refused: 2 });
    expect((await reportRows(job)).map(([line, , column, , reason]) => [line, column, reason])).toEqual([
      [2, 'firstName', expect.stringContaining('U+200B ZERO WIDTH SPACE')],
      [3, 'firstName', expect.stringContaining('U+202E RIGHT-TO-LEFT OVERRIDE')],
      [3, 'connectionId', expect.stringContaining('U+200B ZERO WIDTH SPACE')],
      [3, 'phone', expect.stringContaining('U+202E RIGHT-TO-LEFT OVERRIDE')],
    ]);
  });

  it.each([
    '1.0',
    '1,0',
    '+1',
    '01',
    '１',
    '1 2',
    '"1"',
    'yes',
    '1e0',
    '-1',
    '3',
  ])('have no mandate %j', async (mandate) => {
    const { load, reportRows } = await createImportFixture();
    const job = await load([header.replaceAll(',', ';'), `1;Eva;Vos;Delft;A1;"${mandate.replaceAll('"', '""')}";;`]);
    expect(await reportRows(job)).toEqual([
      [2, 'refused', 'connectionMandate', mandate, expect.stringContaining('0 (none), 1 (billing only) or 2')],
    ]);
  });
});

it.each([
  ['8.71687E 17', 'rounded this number'],
  ['8.71687×10^17', 'rounded this number'],
  ['871687120000001234.00', 'formatted this number'],
  ['871.687.120.000.001.234', 'formatted this number'],
  ['871 687 120 000 001 234', 'formatted this number'],
  ["871'687'120'000'001'234", 'formatted this number'],
  ["'0071", "remove the ' that a spreadsheet puts before a value"],
  ['=0071', 'remove the = that a spreadsheet puts before a value'],
])('a connection %j is refused, and the reason says what a spreadsheet did: %s', async (ean, reason) => {
  const { load, reportRows } = await createImportFixture();
  const job = await load([header.replaceAll(',', ';'), `1;Eva;Vos;Delft;${ean};1;;`]);
  expect(await reportRows(job)).toEqual([[2, 'refused', 'connectionId', ean, expect.stringContaining(reason)]]);
});

it('the header of a second file is refused where files were joined, and its rows are imported', async () => {
  const { load, reportRows } = await createImportFixture();
  const job = await load([
    header,
    '1,Eva,Vos,Delft,A1,1,,',
    `\ufeff"${header.replaceAll(',', '","')}"`,
    '2,Jan,Vos,Ede,A2,1,,',
  ]);
  expect(job).toMatchObject({ created: 2, refused: 1 });
  expect(await reportRows(job)).toEqual([[3, 'refused', null, header, 'the header again: remove this line']]);
});

it.each([
  '"1,Eva,Vos,Delft,A1,1,,"',
  '1;Eva;Vos;Delft;A1;1;;',
  '1\tEva\tVos\tDelft\tA1\t1',
])('a row that is one cell is refused with that reason, also if it is imported again: %j', async (row) => {
  const { load, reportRows } = await createImportFixture();
  const reason = 'the row is one cell: remove the quotes around it, or use the delimiter of the header';
  const cell = row.replaceAll('"', '');
  expect(await reportRows(await load([header, row]))).toEqual([[2, 'refused', null, cell, reason]]);
  const again = await load([`reason,${header}`, `why,"${cell}"`]);
  expect(await reportRows(again)).toEqual([[2, 'refused', null, `why,${cell}`, reason]]);
});

it('a file without rows is noted, and one without text is refused', async () => {
  const { load } = await createImportFixture();
  expect(showImport(await load([header])).notes).toEqual(['The file has no rows after its header.']);
  await expect(load(['', '\ufeff', ' '])).rejects.toThrow('The file has only blank lines.');
});

describe('a connection of 15 digits and zeros', () => {
  const rows = ['871687120000001000', '871687120000002000', '871687120000001000', '871687120000001234'].map(
    (ean) => `,Eva,Vos,Delft,${ean},1,,`,
  );

  it.each([
    true,
    false,
  ])('is noted with its lines (dry run: %s), because a spreadsheet may have rounded it', async (dryRun) => {
    const { load, reportRows } = await createImportFixture();
    const job = await load([header, ...rows], { dryRun });
    expect(job).toMatchObject({ created: 3, refused: 1 });
    expect(showImport(job).notes).toEqual([
      expect.stringContaining('rounded the connectionId in lines 2, 3, 4: after 15 digits'),
    ]);
    expect(await reportRows(job)).toEqual([
      [
        4,
        'refused',
        'connectionId',
        '871687120000001000',
        'also on line 2; a spreadsheet may have rounded two numbers to this one',
      ],
    ]);
  });

  it('is noted once by an import that was killed, with the first lines', async () => {
    const { loadUntilKilled, resume, killAfter } = await createImportFixture();
    const many = Array.from(
      { length: 1_200 },
      (_, n) => `${n % 2 ? '' : n + 1},Eva,Vos,Delft,8716871200${10_000 + n}000,1,,`,
    );
    killAfter(2);
    await loadUntilKilled([header, ...many]);
    const job = await resume();
    expect(job).toMatchObject({ created: 1_200, rounded: 1_200 });
    expect(showImport(job).notes).toEqual([
      expect.stringMatching(/lines 2, 4, 6, .*, 40 and 1180 more: after 15 digits/),
    ]);
  });
});

describe('a customer with values that an earlier version accepted', () => {
  const older = {
    firstName: 'E\u200bva',
    lastName: '\u202eVos',
    city: 'De\u0301lft',
    email: 'x@a_b.example',
    phone: '1',
  };
  const createWithOlder = async () => {
    const fixture = await createImportFixture();
    await fixture.load([header, '1,Eva,Vos,Delft,A1,1,,']);
    await fixture.db.updateTable('customer').set(older).execute();
    return fixture;
  };
  const row = (mandate: string, firstName = older.firstName) =>
    `1,${firstName},${older.lastName},D\u00e9lft,A1,${mandate},${older.email},${older.phone}`;

  it('gets a mandate from a file that repeats them', async () => {
    const { load, db, events } = await createWithOlder();
    expect(await load([header, row('2')], { onConflict: 'update' })).toMatchObject({ updated: 1, refused: 0 });
    expect(await findCustomer(db, '1')).toMatchObject({ ...older, connectionMandate: '2', version: 2 });
    expect(await events()).toEqual([
      ['A1', '1'],
      ['A1', '2'],
    ]);
    expect(await load([header.replace('customerId', 'note'), row('2')])).toMatchObject({ unchanged: 1 });
  });

  it('has one line in a file: a later line is refused, because the first may be applied', async () => {
    const { load, db, reportRows } = await createWithOlder();
    const job = await load([header, row('0'), '1,Eva,Vos,Delft,A1,2,,'], { onConflict: 'update' });
    expect(job).toMatchObject({ updated: 1, refused: 1 });
    expect((await reportRows(job)).map(([, , , , reason]) => reason)).toEqual(['also on line 2', 'also on line 2']);
    expect(await findCustomer(db, '1')).toMatchObject({ connectionMandate: '0' });
  });

  it('is not given other invalid values, and another customer is not given these', async () => {
    const { load, db, reportRows } = await createWithOlder();
    const job = await load([header, row('2', 'E\u200bv'), `2${row('2').slice(1)}`], { onConflict: 'update' });
    expect(job).toMatchObject({ created: 0, updated: 0, refused: 2 });
    expect((await reportRows(job)).map(([line, , column]) => [line, column])).toEqual([
      [2, 'firstName'],
      ...['firstName', 'lastName', 'email', 'phone', 'connectionId'].map((column) => [3, column]),
    ]);
    expect(await findCustomer(db, '1')).toMatchObject({ connectionMandate: '1' });
  });
});

describe('a row that is probably decoded wrongly', () => {
  const latin1 = (text: string) => Buffer.from(text, 'latin1');
  const row = (mandate: string) => latin1(`1,\xa3ucja,Vos,Delft,A1,${mandate},,`);
  const reason = 'the row is not UTF-8, and as windows-1252 it would contain £u: declare its encoding';

  it('is refused as a whole, because its cells would be accepted from the file of refused rows', async () => {
    const { load, reportRows } = await createImportFixture();
    const job = await load([header, row('1'), row('3')]);
    expect(job).toMatchObject({ created: 0, refused: 2 });
    expect((await reportRows(job)).map(([line, , column, , why]) => [line, column, why])).toEqual([
      [2, null, reason],
      [3, null, reason],
      [3, 'connectionMandate', '0 (none), 1 (billing only) or 2 (real time)'],
    ]);
  });

  it.each([
    ['£ucja', undefined, row],
    ['JosÃ©', 'windows-1252', (mandate: string) => `1,José,Vos,Delft,A1,${mandate},,`],
  ])('changes the mandate of a customer whose name %s an earlier version read like that', async (name, encoding, sent) => {
    const { load, db } = await createImportFixture();
    await load([header, `1,Eva,Vos,Delft,A1,2,,`]);
    await db.updateTable('customer').set({ firstName: name }).execute();
    const job = await load([header, sent('0')], { onConflict: 'update', encoding });
    expect(job).toMatchObject({ updated: 1, refused: 0 });
    expect(await findCustomer(db, '1')).toMatchObject({ firstName: name, connectionMandate: '0' });
  });

  it('is imported if only columns that are ignored have such letters', async () => {
    const { load } = await createImportFixture();
    expect(await load([`${header},notes`, latin1('1,Eva,Vos,Delft,A1,1,,,Pawe\xb3')])).toMatchObject({ created: 1 });
  });
});

describe('the columns of an import', () => {
  const lines = ['nr;Vorname;Nachname;Ort;EAN;Mandat;bemerkung', '5;Eva;Vos;Delft;A1;1;x'];

  it('are shown with their fields', async () => {
    const { load, db } = await createImportFixture();
    const job = await load(lines, { columns: choose('nr=customerId') });
    const { columns, notes } = showImport(job);
    expect(columns).toEqual([
      { column: 'nr', field: 'customerId' },
      { column: 'Vorname', field: 'firstName' },
      { column: 'Nachname', field: 'lastName' },
      { column: 'Ort', field: 'city' },
      { column: 'EAN', field: 'connectionId' },
      { column: 'Mandat', field: 'connectionMandate' },
    ]);
    expect(notes).toEqual(['Columns that were ignored: bemerkung.']);
    expect(await listCustomers(db, {})).toMatchObject([{ customerId: '5', firstName: 'Eva', connectionId: 'A1' }]);
  });

  it('are the same when a killed import continues', async () => {
    const { loadUntilKilled, resume, killAfter, db } = await createImportFixture();
    const many = Array.from({ length: 1_200 }, (_, n) => `${n + 1};Eva;Vos;Delft;A${n};1;x`);
    killAfter(2);
    await loadUntilKilled([lines[0] as string, ...many], { columns: choose('nr=customerId', 'bemerkung=city') });
    expect(await resume()).toMatchObject({ state: 'finished', created: 1_200, refused: 0 });
    expect(await findCustomer(db, '1200')).toMatchObject({ connectionId: 'A1199', city: 'x' });
  });

  it('are only those with the names of fields in a job of an earlier version', async () => {
    const { loadUntilKilled, resume, killAfter, db } = await createImportFixture();
    const many = Array.from({ length: 600 }, (_, n) => `${n + 1},Eva,Vos,Delft,A${n},1,no phone`);
    killAfter(2);
    const earlier = 'customerId,firstName,LastName,city,connectionId,connectionMandate,note';
    await loadUntilKilled([earlier, ...many]);
    const columns = JSON.stringify(earlier.replace('note', 'Telefon').split(','));
    await db.updateTable('importJob').set({ columns, columnFields: null }).execute();
    const job = await resume();
    expect(job).toMatchObject({ created: 600, refused: 0 });
    expect(showImport(job).notes).toEqual(['Columns that were ignored: Telefon.']);
  });

  it('store nothing of a file without a header', async () => {
    const { load, db } = await createImportFixture();
    await expect(load(['1,Eva,Vos,Delft,A1,1', '2,Jan,Vos,Delft,A2,1'])).rejects.toThrow('looks like a row');
    expect(await db.selectFrom('importJob').selectAll().execute()).toEqual([]);
  });
});
