import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { createCrmWithImports, importHeader as header } from '../../tests/crm-with-imports.ts';
import { eventually } from '../../tests/eventually.ts';
import { noon } from '../../tests/test-runtime.ts';
import { createJob } from './import-job.ts';
import { createImportQueue } from './jobs/import-queue.ts';

describe('POST /imports', () => {
  it('returns the path of the import at once, imports in the background, and deletes the file', async () => {
    const { http, post, waitUntilFinished, folder } = await createCrmWithImports();
    const started = await post('/imports?fileName=spring.csv', '1,Eva,Vos,Delft,77,1', '2,Jan,Vos,Delft,78,7').expect(
      202,
    );
    expect(started.body).toMatchObject({ state: 'waiting', fileName: 'spring.csv', onConflict: 'skip', dryRun: false });
    const path = String(started.headers.location);
    expect(path).toBe(`/imports/${started.body.importId}`);
    const job = await waitUntilFinished(path);
    expect(job).toMatchObject({ state: 'finished', created: 1, refused: 1, progress: { rows: 2 } });
    expect(job.progress.bytesDone).toBe(job.progress.bytes);
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
    const { body } = await http.get('/imports').expect(200);
    expect(body).toEqual({ items: [job] });
  });

  it('lists the rows page by page, and returns the refused ones as a file that can be corrected and imported', async () => {
    const { http, post, waitUntilFinished } = await createCrmWithImports();
    await post('/imports', '1,Eva,Vos,Delft,77,1');
    const rows = ['1,Eva,Vos,Gouda,77,1', '2,Jan,"Vos, senior",Delft,78,7', '3,Jan,Vos,Delft,79,8,more'];
    const { body } = await post('/imports', ...rows).expect(202);
    const job = await waitUntilFinished(`/imports/${body.importId}`);
    const first = await http.get(`${job.rows}?limit=2`).expect(200);
    expect(first.body.items).toEqual([
      {
        line: 2,
        outcome: 'skipped',
        problems: [{ column: 'city', value: 'Gouda', reason: 'differs from what customer 1 has' }],
      },
      {
        line: 3,
        outcome: 'refused',
        problems: [{ column: 'connectionMandate', value: '7', reason: '0 (none), 1 (billing only) or 2 (real time)' }],
      },
    ]);
    const last = await http.get(first.body.next).expect(200);
    expect(last.body).toMatchObject({ items: [{ line: 4 }], next: null });

    const file = await http
      .get(job.refusedRows)
      .expect(200)
      .expect('Content-Type', /^text\/csv/);
    const [names, wrong, tooMany] = file.text.split('\r\n');
    expect(names).toBe(`reason,${header}`);
    expect(wrong).toBe(
      '"connectionMandate: 0 (none), 1 (billing only) or 2 (real time)",2,Jan,"Vos, senior",Delft,78,7',
    );
    expect(tooMany).toMatch(/^.*cells, but the header has 6.*,3,Jan,Vos,Delft,79,8,more$/);

    const corrected = file.text.replace('Delft,78,7', 'Delft,78,2').replace('79,8,more', '79,1');
    const again = await http.post('/imports').set('Content-Type', 'text/csv').send(corrected).expect(202);
    expect(await waitUntilFinished(`/imports/${again.body.importId}`)).toMatchObject({
      created: 2,
      refused: 0,
      notes: [],
    });
  });

  it('reads the columns that the caller chooses, also from the corrected file of refused rows', async () => {
    const { http, waitUntilFinished } = await createCrmWithImports();
    const chosen = `column=${encodeURIComponent('klant code=customerId')}&column=${encodeURIComponent('e=mail=email')}`;
    const send = (query: string, text: string) =>
      http.post(`/imports?${query}`).set('Content-Type', 'text/csv').send(text);
    const lines = ['klant code,Vorname,Nachname,Ort,EAN,Mandat,e=mail', '5,Eva,Vos,Delft,A1,9,eva@example.org'];
    const { body } = await send(chosen, lines.join('\n')).expect(202);
    expect(body.columns).toContainEqual({ column: 'klant code', field: 'customerId' });
    expect(body.columns).toContainEqual({ column: 'e=mail', field: 'email' });
    const { text } = await http.get((await waitUntilFinished(`/imports/${body.importId}`)).refusedRows).expect(200);
    expect(text).toContain('reason,klant code,Vorname,Nachname,Ort,EAN,Mandat,e=mail\r\n');
    const again = await send(chosen, text.replace(',9,', ',1,')).expect(202);
    expect(await waitUntilFinished(`/imports/${again.body.importId}`)).toMatchObject({ created: 1, notes: [] });
    expect((await http.get('/customers/5').expect(200)).body).toMatchObject({ connectionId: 'A1', city: 'Delft' });
  });

  it.each([
    ['column=a', 'column.0', 'COLUMN=FIELD, such as klantnummer=customerId'],
    ['column=a=city&column=b=city', 'column', 'each field for one column only'],
    ['fileName=%E2%80%AEvsc.exe', 'fileName', 'U+202E RIGHT-TO-LEFT OVERRIDE'],
    ['fileName=Jos%E9.csv', 'fileName', 'U+FFFD REPLACEMENT CHARACTER'],
  ])('refuses ?%s', async (query, field, expected) => {
    const { post } = await createCrmWithImports();
    const { body } = await post(`/imports?${query}`).expect(400);
    expect(body.errors).toMatchObject([{ field, expected: expect.stringContaining(expected) }]);
  });

  it('neither stores nor logs the header of a file without one', async () => {
    const { http, db, folder } = await createCrmWithImports();
    const { body } = await http
      .post('/imports')
      .set('Content-Type', 'text/csv')
      .send('1,Eva,Vos,Delft,77,1')
      .expect(422);
    expect(body.detail).toContain('The first line looks like a row');
    expect(JSON.stringify(body)).not.toContain('Vos');
    expect(readdirSync(folder)).toEqual([]);
    expect(await db.selectFrom('importJob').selectAll().execute()).toEqual([]);
  });

  it('validates all rows and changes nothing in a dry run', async () => {
    const { http, post, waitUntilFinished } = await createCrmWithImports();
    const { body } = await post('/imports?dryRun=true&onConflict=update', '1,Eva,Vos,Delft,77,1').expect(202);
    expect(await waitUntilFinished(`/imports/${body.importId}`)).toMatchObject({
      created: 1,
      dryRun: true,
      onConflict: 'update',
    });
    await http.get('/customers/1').expect(404);
  });

  it('notes ignored columns, another encoding and a possible cut-off by a spreadsheet', async () => {
    const { http, waitUntilFinished } = await createCrmWithImports();
    const bytes = Buffer.from(`remark,${header}\nnew,1,Ren\xe9,Vos,Delft,77,1\n${'\n'.repeat(65_534)}`, 'latin1');
    const { body } = await http.post('/imports').set('Content-Type', 'text/csv').send(bytes).expect(202);
    expect((await waitUntilFinished(`/imports/${body.importId}`)).notes).toEqual([
      'Columns that were ignored: remark.',
      expect.stringMatching(/^1 row is not UTF-8 and was read as Windows-1252 .* declare the encoding/),
      'The file has 65536 lines, the maximum of a spreadsheet: rows may have been cut off.',
    ]);
  });

  it('refuses an unusable file before it imports any row, and stores nothing of it', async () => {
    const { http, post, folder } = await createCrmWithImports({ bytes: 100, lines: 3 });
    const csv = () => http.post('/imports').set('Content-Type', 'text/csv');
    expect((await csv().send('a,b\n1,2\n').expect(422)).body).toMatchObject({
      type: 'urn:problem:unusable-file',
      detail: 'The header lacks firstName, lastName, city, connectionId, connectionMandate. It has a,b.',
    });
    await csv().send('').expect(422);
    await post('/imports', 'x'.repeat(200)).expect(413);
    await post('/imports', '1', '2', '3', '4').expect(413);
    await http.post('/imports').send({ a: 1 }).expect(415);
    await post('/imports?onConflict=merge').expect(400);
    expect(readdirSync(folder)).toEqual([]);
    await http.get('/imports/none').expect(404);
    await http.get('/imports/none/rows').expect(404);
    await http.get('/imports/none/refused.csv').expect(404);
  });

  it('stores nothing of an upload that was cut off', async () => {
    const { app, folder, http } = await createCrmWithImports();
    const server = createServer(app).listen(0);
    onTestFinished(() => void server.close());
    const { port } = server.address() as AddressInfo;
    const headers = { 'Content-Type': 'text/csv' };
    const upload = httpRequest({ port, path: '/imports', method: 'POST', headers }).on('error', () => {});
    upload.write(header);
    await eventually(() => expect(readdirSync(folder)).toHaveLength(1));
    upload.destroy();
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
    expect((await http.get('/imports')).body.items).toEqual([]);
  });
});

describe('the queue of imports', () => {
  const measured = { digest: 'd', bytes: 1, lines: 1, columns: header.split(','), createdAt: noon };
  const defaultOptions = { dryRun: false, onConflict: 'skip' } as const;

  it('resumes unfinished imports at a start, and deletes all other files', async () => {
    const { folder, imports, db, waitUntilFinished } = await createCrmWithImports();
    mkdirSync(folder, { recursive: true });
    await createJob(db, { ...measured, importId: 'left', fileName: 'a.csv' }, defaultOptions);
    writeFileSync(join(folder, 'left.csv'), `${header}\n1,Eva,Vos,Delft,77,1`);
    writeFileSync(join(folder, 'upload-that-was-cut-off.csv'), header);
    await imports.resume();
    expect(await waitUntilFinished('/imports/left')).toMatchObject({ state: 'finished', created: 1 });
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
  });

  it('reports what to do about a failed import, and continues with the next one', async () => {
    const { imports, db, waitUntilFinished, folder, post } = await createCrmWithImports();
    mkdirSync(join(folder, 'unreadable.csv'), { recursive: true });
    await createJob(db, { ...measured, importId: 'unreadable', fileName: 'a.csv' }, defaultOptions);
    await imports.resume();
    expect(await waitUntilFinished('/imports/unreadable')).toMatchObject({
      state: 'failed',
      failure: expect.stringContaining('import the file again'),
    });
    const { body } = await post('/imports', '1,Eva,Vos,Delft,77,1').expect(202);
    expect(await waitUntilFinished(`/imports/${body.importId}`)).toMatchObject({ created: 1 });
  });

  it('waits during a database outage, and continues after the committed rows', async () => {
    let away = 2;
    const awayAfterCommit = () => {
      if (away-- > 0) throw new TransientDatabaseError('database-away', new Error('gone'));
    };
    const { post, waitUntilFinished, folder } = await createCrmWithImports({}, awayAfterCommit);
    const rows = Array.from({ length: 1_500 }, (_, n) => `${n + 1},F,L,C,${1000 + n},1`);
    const { body } = await post('/imports', ...rows).expect(202);
    expect(await waitUntilFinished(`/imports/${body.importId}`)).toMatchObject({
      state: 'finished',
      created: 1_500,
      unchanged: 0,
    });
    await eventually(() => expect(readdirSync(folder)).toEqual([]));
    expect(away).toBeLessThan(0);
  });

  it('stops at once during a database outage, and keeps the file for the next start', async () => {
    const alwaysAway = () => {
      throw new TransientDatabaseError('database-away', new Error('gone'));
    };
    const { post, imports, http, folder } = await createCrmWithImports({}, alwaysAway);
    const { body } = await post('/imports', '1,Eva,Vos,Delft,77,1').expect(202);
    await eventually(async () => expect((await http.get(`/imports/${body.importId}`)).body.state).toBe('running'));
    await imports.close();
    expect(readdirSync(folder)).toEqual([`${body.importId}.csv`]);
    expect((await http.get(`/imports/${body.importId}`)).body.state).toBe('running');
  });

  it('fails imports without a heartbeat, and sends heartbeats for its own', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const { post, db, http, advanceClock, imports } = await createCrmWithImports({}, () => {
      throw new TransientDatabaseError('database-away', new Error('gone'));
    });
    const { body } = await post('/imports', '1,Eva,Vos,Delft,77,1').expect(202);
    await createJob(db, { ...measured, importId: 'killed', fileName: 'a.csv' }, defaultOptions);
    await imports.resume();
    const job = async (importId: string) => (await http.get(`/imports/${importId}`)).body;
    await eventually(async () => {
      advanceClock(600_000);
      vi.advanceTimersByTime(10_000);
      expect((await job('killed')).state).toBe('failed');
    });
    expect((await job(body.importId)).failure).toBeNull();
  });

  it('stops between two transactions when it is closed, and the next queue resumes the import', async () => {
    const { imports, folder, post, http, waitUntilFinished, runtime } = await createCrmWithImports();
    const rows = Array.from({ length: 3_000 }, (_, n) => `${n + 1},F,L,C,${1000 + n},1`);
    const { body } = await post('/imports', ...rows).expect(202);
    await imports.close();
    expect(existsSync(join(folder, `${body.importId}.csv`))).toBe(true);
    expect((await http.get(`/imports/${body.importId}`)).body.finishedAt).toBeNull();
    await createImportQueue(runtime, folder).resume();
    expect(await waitUntilFinished(`/imports/${body.importId}`)).toMatchObject({ created: 3_000, unchanged: 0 });
  });
});

it('includes report rows in the export of a customer, and deletes them with the customer', async () => {
  const { http, post, waitUntilFinished } = await createCrmWithImports();
  await post('/imports', '1,Eva,Vos,Delft,77,1').expect(202);
  const { body } = await post('/imports', '1,Eva,Vos,Delft,77,9', ',Eva,Vos,Delft,8.7E+17,1', '2,Jan,Bos,Delft,78,9');
  const { refusedRows, rows } = await waitUntilFinished(`/imports/${body.importId}`);
  const held = await http.get('/customers/1/export').expect(200);
  expect(held.body.importReports).toMatchObject([{ line: 2, cells: ['1', 'Eva', 'Vos', 'Delft', '77', '9'] }]);
  await http.delete('/customers/1').expect(204);
  expect((await http.get(rows)).body.items).toMatchObject([{ line: 4 }]);
  expect((await http.get(refusedRows)).text).not.toContain('Eva');
  await http.post('/customers/1/erasure').send({ customerId: '1' }).expect(200);
});
