import { readdirSync, readFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createCrmWithImports } from '../../../tests/crm-with-imports.ts';
import { eventually } from '../../../tests/eventually.ts';
import { createImportFixture } from '../../../tests/import-fixture.ts';
import { listCustomers } from '../../customers/index.ts';

const header = 'firstName,lastName,city,connectionId,connectionMandate';
const latin1 = (text: string) => Buffer.from(text, 'latin1');
const latin1File = latin1(`${header}\nRen\xe9,Vos,Delft,77,1\n`);
/** Łucja Żółć from Łódź, in Windows-1250. */
const polishFile = latin1(`${header}\n\xa3ucja,\xaf\xf3\xb3\xe6,\xa3\xf3d\x9f,77,1\n`);
const lucja = { firstName: 'Łucja', lastName: 'Żółć', city: 'Łódź' };
const rene = { firstName: 'René' };

const createCrm = async (limits: { bytes?: number } = {}) => {
  const crm = await createCrmWithImports(limits);
  const send = (bytes: Buffer, headers: Record<string, string>, query = '') =>
    crm.http
      .post(`/imports${query}`)
      .set(headers)
      .serialize((body: Buffer) => body as unknown as string)
      .send(bytes);
  const importFile = async (bytes: Buffer, headers: Record<string, string>, query?: string) => {
    const { body } = await send(bytes, headers, query).expect(202);
    return crm.waitUntilFinished(`/imports/${body.importId}`);
  };
  return { ...crm, send, importFile, customers: () => listCustomers(crm.db, {}) };
};

describe('the media type of a file', () => {
  it.each([
    'text/csv',
    'TEXT/CSV; header=present',
    'text/plain',
    'text/tab-separated-values',
    'text/comma-separated-values',
    'application/csv',
    'application/vnd.ms-excel',
    'application/octet-stream',
    'text/x-csv',
    'application/x-csv',
  ])('may be %s', async (type) => {
    const { importFile, customers } = await createCrm();
    expect(await importFile(latin1File, { 'Content-Type': type })).toMatchObject({ created: 1 });
    expect(await customers()).toMatchObject([rene]);
  });

  it.each([
    'application/json',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
    'application/zip',
  ])('may not be %s', async (type) => {
    const { send } = await createCrm();
    const { body } = await send(latin1File, { 'Content-Type': type }).expect(415);
    expect(body).toMatchObject({
      detail: expect.stringContaining('text/csv'),
      remedy: expect.stringContaining("curl -H 'Content-Type: text/csv' --data-binary @FILE"),
    });
  });
});

describe('the charset of a file', () => {
  it.each(['windows-1250', '"Windows-1250"', 'cp1250'])('may be %s', async (charset) => {
    const { importFile, customers } = await createCrm();
    const job = await importFile(polishFile, { 'Content-Type': `text/csv; charset=${charset}` });
    expect(job).toMatchObject({ created: 1, notes: [] });
    expect(await customers()).toMatchObject([lucja]);
  });

  it.each([
    'charset = windows-1250',
    'charset= "windows-1250" ; header=present',
  ])('may be declared as %s', async (parameter) => {
    const { importFile, customers } = await createCrm();
    await importFile(polishFile, { 'Content-Type': `text/csv; ${parameter}` });
    expect(await customers()).toMatchObject([lucja]);
  });

  it.each([
    'charset=',
    'charset',
    "charset='windows-1250'",
  ])('is not ignored if it cannot be read: %s', async (parameter) => {
    const { send } = await createCrm();
    await send(polishFile, { 'Content-Type': `text/csv; ${parameter}` }).expect(415);
  });

  it('that is not supported is refused with the names of those that are', async () => {
    const { send, folder } = await createCrm();
    for (const charset of ['klingon', 'iso-2022-jp']) {
      const { body } = await send(polishFile, { 'Content-Type': `text/csv; charset=${charset}` }).expect(415);
      expect(body).toMatchObject({
        type: 'urn:problem:unsupported-media-type',
        detail: expect.stringContaining(charset),
        remedy: expect.stringContaining('windows-1250'),
      });
    }
    expect(() => readdirSync(folder)).toThrow('ENOENT');
  });

  it('refuses rows with bytes that it has not, and never guesses', async () => {
    const { importFile, http, customers } = await createCrm();
    const job = await importFile(latin1File, { 'Content-Type': 'text/csv; charset=utf-8' });
    expect(job).toMatchObject({ created: 0, refused: 1, notes: [] });
    expect((await http.get(job.rows)).body.items[0].problems).toMatchObject([
      { column: null, reason: 'the row has bytes that are not utf-8' },
    ]);
    expect(await customers()).toEqual([]);
  });

  it('is detected row by row without a declaration', async () => {
    const { importFile, customers } = await createCrm();
    const bytes = Buffer.concat([latin1File, Buffer.from('Łucja,Vos,Delft,78,1\n')]);
    const job = await importFile(bytes, { 'Content-Type': 'text/csv' });
    expect(job.notes).toEqual([expect.stringContaining('1 row is not UTF-8 and was read as Windows-1252')]);
    expect(await customers()).toMatchObject([rene, { firstName: 'Łucja' }]);
  });

  it('loses to a byte order mark', async () => {
    const { importFile, customers } = await createCrm();
    for (const bytes of [
      Buffer.from(`\uFEFF${header}\nŁucja,Żółć,Łódź,77,1\n`),
      Buffer.from(`\uFEFF${header}\nŁucja,Żółć,Łódź,78,1`, 'utf16le'),
    ])
      expect(await importFile(bytes, { 'Content-Type': 'text/csv; charset=windows-1252' })).toMatchObject({
        created: 1,
      });
    expect(await customers()).toMatchObject([lucja, lucja]);
  });

  it('stays with the job, so that a killed import continues with it', async () => {
    const { loadUntilKilled, killAfter, resume, db } = await createImportFixture();
    killAfter(2);
    const rows = Array.from({ length: 600 }, (_, n) => latin1(`\xa3ucja,Vos,Delft,${n + 1},1`));
    await loadUntilKilled([header, ...rows], { encoding: 'windows-1250' });
    expect(await resume()).toMatchObject({ created: 600, recoded: 0 });
    expect(new Set((await listCustomers(db, {})).map(({ firstName }) => firstName))).toEqual(new Set(['Łucja']));
  });

  it('does not change the refused rows, which are UTF-8 and can be imported with the same charset', async () => {
    const { importFile, http, customers } = await createCrm();
    const type = { 'Content-Type': 'text/csv; charset=windows-1250' };
    const { refusedRows } = await importFile(latin1(polishFile.toString('latin1').replace(',77,1', ',77,7')), type);
    const file = await http.get(refusedRows).buffer().expect(200);
    expect(file.text).toContain('Łucja,Żółć,Łódź,77,7');
    await importFile(Buffer.from(file.text.replace(',77,7', ',77,1')), type);
    expect(await customers()).toMatchObject([lucja]);
  });
});

describe('a compressed upload', () => {
  it('is decoded, and its decoded size is limited', async () => {
    const { importFile, send, folder } = await createCrm({ bytes: 1_000 });
    const headers = { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' };
    expect(await importFile(gzipSync(latin1File), headers)).toMatchObject({
      created: 1,
      progress: { bytes: latin1File.length },
    });
    const bomb = gzipSync(Buffer.concat([latin1File, Buffer.alloc(20 * 1024 ** 2, '\n')]));
    expect((await send(bomb, headers).expect(413)).body).toMatchObject({ type: 'urn:problem:file-too-large' });
    expect((await send(gzipSync(latin1File).subarray(0, -9), headers).expect(400)).body).toMatchObject({
      type: 'urn:problem:malformed-request',
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that is cut off leaves nothing', async () => {
    const { app, folder } = await createCrm();
    const server = createServer(app).listen(0);
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const headers = { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' };
    const upload = httpRequest({ port, path: '/imports', method: 'POST', headers }).on('error', () => {});
    upload.write(gzipSync(latin1File).subarray(0, -9));
    await eventually(() => expect(readdirSync(folder)).toHaveLength(1));
    upload.destroy();
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
  });

  it('of a workbook is refused like the workbook', async () => {
    const { send } = await createCrm();
    const headers = { 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' };
    const { body } = await send(gzipSync(gzipSync(latin1File)), headers).expect(422);
    expect(body).toMatchObject({ detail: 'The file is not CSV: it is a gzip file.' });
  });
});

describe('a file of another type', () => {
  const gzip = gzipSync(latin1File);

  it('is refused by name before anything is stored or imported', async () => {
    const { send, folder, http } = await createCrm();
    const { body } = await send(gzip, { 'Content-Type': 'text/csv' }, '?fileName=customers.csv').expect(422);
    expect(body).toMatchObject({
      type: 'urn:problem:unusable-file',
      detail: 'The file is not CSV: it is a gzip file.',
      remedy: expect.stringContaining('decompress'),
    });
    expect(readdirSync(folder)).toEqual([]);
    expect((await http.get('/imports')).body.items).toEqual([]);
  });

  it('is refused by name without a CRM too', async () => {
    const { load, db } = await createImportFixture();
    await expect(load([gzip])).rejects.toMatchObject({
      code: 'unusable-file',
      message: expect.stringContaining('gzip'),
    });
    expect(await db.selectFrom('importJob').selectAll().execute()).toEqual([]);
  });
});

it('counts the lines of a file whatever ends them', async () => {
  const { importFile, db } = await createCrm();
  const file = readFileSync('data/customer-database.csv', 'utf8').replaceAll(/\r?\n/g, '\r');
  expect(await importFile(Buffer.from(file), { 'Content-Type': 'text/csv' })).toMatchObject({ created: 8 });
  expect(await db.selectFrom('importJob').select('lines').execute()).toEqual([{ lines: 9 }]);
});
