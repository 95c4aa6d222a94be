import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import { createCrmWithImports, importHeader } from '../../../tests/crm-with-imports.ts';
import { eventually } from '../../../tests/eventually.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { sendFile } from '../../cli/import/through-crm.ts';
import { createJob } from '../import-job.ts';
import type { QueueLimits } from '../jobs/import-queue.ts';

/** Starts a CRM whose database is unavailable as soon as an import runs, so that files wait until `restoreDatabase` is called. */
const startCrmWithWaitingFiles = async (limits: Partial<QueueLimits>) => {
  let isUnavailable = true;
  const crm = await createCrmWithImports(limits, () => {
    if (isUnavailable) throw new TransientDatabaseError('database-away', new Error('gone'));
  });
  const server = createServer(crm.app).listen(0);
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  /** Begins to send a file. The response may come before the end of the file. */
  const begin = (headers: Record<string, string | number> = {}) => {
    const type = { 'Content-Type': 'text/csv' };
    const upload = httpRequest({ port, path: '/imports', method: 'POST', headers: { ...type, ...headers } });
    const receiveAnswer = async () => {
      const [res] = (await once(upload, 'response')) as [IncomingMessage];
      const body = JSON.parse(await text(res)) as { type: string };
      return { status: res.statusCode, retryAfter: res.headers['retry-after'], body };
    };
    const answer = receiveAnswer();
    answer.catch(() => {});
    upload.flushHeaders();
    onTestFinished(() => void upload.destroy());
    return { upload, answer };
  };
  const restoreDatabase = () => {
    isUnavailable = false;
  };
  const files = () => readdirSync(crm.folder);
  return { ...crm, begin, restoreDatabase, files, url: `http://localhost:${port}` };
};

const refused = { status: 429, retryAfter: '10', body: { type: 'urn:problem:too-many-imports' } };
const row = '1,Eva,Vos,Delft,77,1';

describe('the waiting files', () => {
  it('are limited in number, including uploads in progress, and a finished import makes room for another', async () => {
    const { post, begin, restoreDatabase, files, waitUntilFinished } = await startCrmWithWaitingFiles({
      waiting: { files: 2, bytes: 10_000 },
    });
    const first = await post('/imports', row).expect(202);
    const inProgress = begin();
    inProgress.upload.write(importHeader);
    await eventually(() => expect(files()).toHaveLength(2));
    expect(await begin().answer).toMatchObject(refused);
    expect(files()).toHaveLength(2);
    inProgress.upload.destroy();
    await eventually(() => expect(files()).toHaveLength(1));
    const second = await post('/imports', row).expect(202);
    await post('/imports', row).expect(429);
    restoreDatabase();
    for (const { body } of [first, second]) await waitUntilFinished(`/imports/${body.importId}`);
    await eventually(() => expect(files()).toEqual([]));
    await post('/imports', row).expect(202);
  });

  it('are limited in bytes, and a file with a Content-Length is refused before it is sent', async () => {
    const { begin, post, files } = await startCrmWithWaitingFiles({ waiting: { files: 9, bytes: 1_000 } });
    await post('/imports', row).expect(202);
    const first = begin({ 'Content-Length': 500 });
    await eventually(() => expect(files()).toHaveLength(2));
    expect(await begin({ 'Content-Length': 501 }).answer).toMatchObject(refused);
    expect(files()).toHaveLength(2);
    first.upload.destroy();
    await eventually(() => expect(files()).toHaveLength(1));
    expect(await begin({ 'Content-Length': 5 * 1024 ** 3 }).answer).toMatchObject({ status: 413 });
  });

  it('are limited in bytes, and a file without a Content-Length is refused once it is too large, and not stored', async () => {
    const { begin, files } = await startCrmWithWaitingFiles({ waiting: { files: 9, bytes: 1_000 } });
    const { upload, answer } = begin();
    upload.write(Buffer.alloc(900, 'x'));
    await eventually(() => expect(files()).toHaveLength(1));
    upload.write(Buffer.alloc(101, 'x'));
    expect(await answer).toMatchObject(refused);
    expect(files()).toEqual([]);
  });

  it('are counted after a restart too, until their import is removed', async () => {
    const { http, post, imports, db, folder } = await startCrmWithWaitingFiles({ waiting: { files: 1, bytes: 1_000 } });
    mkdirSync(folder, { recursive: true });
    const measured = { digest: 'd', bytes: 1, lines: 1, columns: importHeader.split(','), createdAt: noon };
    await createJob(db, { ...measured, importId: 'left', fileName: 'a.csv' }, { dryRun: false, onConflict: 'skip' });
    writeFileSync(join(folder, 'left.csv'), `${importHeader}\n${row}`);
    await imports.resume();
    await post('/imports', row).expect(429);
    await http.delete('/imports/left').expect(204);
    await post('/imports', row).expect(202);
  });
});

describe('an upload', () => {
  it('that is refused early still gets the reason in the response', async () => {
    const { url } = await startCrmWithWaitingFiles({ waiting: { files: 0, bytes: 1_000 } });
    const file = join(dataFolder(), 'large.csv');
    writeFileSync(file, Buffer.alloc(8 * 1024 ** 2, 'x'));
    for (let attempt = 0; attempt < 5; attempt++)
      await expect(sendFile(url, file, { dryRun: false, onConflict: 'skip' })).rejects.toThrow(
        'this file is not stored',
      );
  });

  it('that is too slow is refused, and its place is free for another', async () => {
    const pace = { bytes: 1_000, everyMs: 50 };
    const { begin, post, files } = await startCrmWithWaitingFiles({ waiting: { files: 1, bytes: 10_000 }, pace });
    const { upload, answer } = begin();
    upload.write(importHeader);
    expect(await answer).toMatchObject({ status: 408, body: { type: 'urn:problem:upload-too-slow' } });
    expect(files()).toEqual([]);
    await post('/imports', row).expect(202);
  });
});
