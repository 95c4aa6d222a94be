import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { TransientDatabaseError } from '../../../packages/database/database-error.ts';
import { createCrmWithImports, importHeader } from '../../../tests/crm-with-imports.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { noon } from '../../../tests/test-runtime.ts';
import { sendFile } from '../../cli/import/through-crm.ts';
import { createJob } from '../import-job.ts';
import type { QueueLimits } from '../jobs/import-queue.ts';

/** A CRM on a port, whose database is away as soon as an import runs: so files wait until `comeBack`. */
const crmThatWaits = async (limits: Partial<QueueLimits>) => {
  let isAway = true;
  const crm = await createCrmWithImports(limits, () => {
    if (isAway) throw new TransientDatabaseError('database-away', new Error('gone'));
  });
  const server = createServer(crm.app).listen(0);
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  /** Begins to send a file; the answer may come before its end. */
  const begin = (headers: Record<string, string | number> = {}) => {
    const type = { 'Content-Type': 'text/csv' };
    const upload = httpRequest({ port, path: '/imports', method: 'POST', headers: { ...type, ...headers } });
    const answer = new Promise<{ status: number | undefined; retryAfter: string | undefined; body: { type: string } }>(
      (resolve, reject) => {
        upload.on('error', reject);
        upload.on('response', async (res: IncomingMessage) => {
          const { statusCode: status, headers: received } = res;
          resolve({ status, retryAfter: received['retry-after'], body: JSON.parse(await text(res)) });
        });
      },
    );
    answer.catch(() => {});
    upload.flushHeaders();
    onTestFinished(() => void upload.destroy());
    return { upload, answer };
  };
  const comeBack = () => {
    isAway = false;
  };
  const files = () => readdirSync(crm.folder);
  return { ...crm, begin, comeBack, files, url: `http://localhost:${port}` };
};

const refused = { status: 429, retryAfter: '10', body: { type: 'urn:problem:too-many-imports' } };
const row = '1,Eva,Vos,Delft,77,1';

describe('the files that wait', () => {
  it('are so many at most, also while they are uploaded; when one is done the next is taken', async () => {
    const { post, begin, comeBack, files, waitUntilFinished } = await crmThatWaits({
      waiting: { files: 2, bytes: 10_000 },
    });
    const first = await post('/imports', row).expect(202);
    const underWay = begin();
    underWay.upload.write(importHeader);
    await vi.waitFor(() => expect(files()).toHaveLength(2), 5_000);
    expect(await begin().answer).toMatchObject(refused);
    expect(files()).toHaveLength(2);
    underWay.upload.destroy();
    await vi.waitFor(() => expect(files()).toHaveLength(1), 5_000);
    const second = await post('/imports', row).expect(202);
    await post('/imports', row).expect(429);
    comeBack();
    for (const { body } of [first, second]) await waitUntilFinished(`/imports/${body.importId}`);
    await vi.waitFor(() => expect(files()).toEqual([]), 5_000);
    await post('/imports', row).expect(202);
  });

  it('have so many bytes together at most: a file that says its size is refused before a byte of it is sent', async () => {
    const { begin, post, files } = await crmThatWaits({ waiting: { files: 9, bytes: 1_000 } });
    await post('/imports', row).expect(202);
    const first = begin({ 'Content-Length': 500 });
    await vi.waitFor(() => expect(files()).toHaveLength(2), 5_000);
    expect(await begin({ 'Content-Length': 501 }).answer).toMatchObject(refused);
    expect(files()).toHaveLength(2);
    first.upload.destroy();
    await vi.waitFor(() => expect(files()).toHaveLength(1), 5_000);
    expect(await begin({ 'Content-Length': 5 * 1024 ** 3 }).answer).toMatchObject({ status: 413 });
  });

  it('and one that does not say it, when it is too much; nothing of it is kept', async () => {
    const { begin, files } = await crmThatWaits({ waiting: { files: 9, bytes: 1_000 } });
    const { upload, answer } = begin();
    upload.write(Buffer.alloc(900, 'x'));
    await vi.waitFor(() => expect(files()).toHaveLength(1), 5_000);
    upload.write(Buffer.alloc(101, 'x'));
    expect(await answer).toMatchObject(refused);
    expect(files()).toEqual([]);
  });

  it('count after a restart as well, and one that is removed no more', async () => {
    const { http, post, imports, db, folder } = await crmThatWaits({ waiting: { files: 1, bytes: 1_000 } });
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
  it('that is refused while most of it is still to be sent reads why', async () => {
    const { url } = await crmThatWaits({ waiting: { files: 0, bytes: 1_000 } });
    const file = join(dataFolder(), 'large.csv');
    writeFileSync(file, Buffer.alloc(8 * 1024 ** 2, 'x'));
    for (let attempt = 0; attempt < 5; attempt++)
      await expect(sendFile(url, file, { dryRun: false, onConflict: 'skip' })).rejects.toThrow('this one is not kept');
  });

  it('that is too slow ends, and leaves its place to others', async () => {
    const pace = { bytes: 1_000, everyMs: 50 };
    const { begin, post, files } = await crmThatWaits({ waiting: { files: 1, bytes: 10_000 }, pace });
    const { upload, answer } = begin();
    upload.write(importHeader);
    expect(await answer).toMatchObject({ status: 408, body: { type: 'urn:problem:upload-too-slow' } });
    expect(files()).toEqual([]);
    await post('/imports', row).expect(202);
  });
});
