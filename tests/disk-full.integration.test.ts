import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { expectViewToEqualCrm } from './changes.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime, molly } from './lab-customers.ts';
import { startPlatform, startProcess } from './platform-process.ts';
import { findSmallDiskObstacle, mountSmallDisk } from './small-disk.ts';

const rows = 3_000;
const header = 'firstName,lastName,city,connectionId,connectionMandate\n';
const csv = (many: number) =>
  header + Array.from({ length: many }, (_, n) => `Ada,Lovelace,Leiden,${100_000 + n},${n % 3}\n`).join('');

const upload = (crm: string, body: string) =>
  fetch(`${crm}/imports`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body });

const reason = findSmallDiskObstacle();
if (reason) console.warn(`skipped: the tests of a full disk. ${reason}`);

it.skipIf(reason)(
  'a full disk loses nothing: writes are refused, reads are answered, and writes resume when there is space',
  async () => {
    const disk = mountSmallDisk(24);
    onTestFinished(disk.remove);
    const data = join(disk.folder, 'data');
    const platform = await startPlatform({ DATA_DIR: data, LOG_LEVEL: 'info' });
    onTestFinished(() => void platform.end('SIGKILL'));
    const { crm, iotPlatform } = platform;
    await eventually(async () => expect(await fetchMandate({ url: iotPlatform }, '7733')).toBe('1'));
    const ready = async (url: string) =>
      (await getJson(`${url}/readyz`)) as { status: number; body: { checks: object } };
    await eventually(async () =>
      expect([(await ready(crm)).status, (await ready(iotPlatform)).status]).toEqual([200, 200]),
    );

    // The disk has space for the upload, but not for its first thousand rows in the database.
    const file = csv(rows);
    disk.fill(2 * file.length + 300_000);
    const accepted = await upload(crm, file);
    expect(accepted.status).toBe(202);
    const { importId } = (await accepted.json()) as { importId: string };
    await eventually(() => expect(platform.output()).toContain('import waits for the database'));
    const imports = () =>
      readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((name) => /\.csv$/.test(name));
    expect(imports()).toHaveLength(1);

    const space = expect.stringMatching(/no space left/);
    await eventually(async () => {
      expect(await ready(crm)).toMatchObject({ status: 503, body: { checks: { database: space, eventBus: space } } });
      expect(await ready(iotPlatform)).toMatchObject({
        status: 503,
        body: { checks: { stateStore: space, eventBus: space } },
      });
    });

    disk.makeSpace();
    disk.fill(0);
    const refused = async (answer: Response) => {
      expect(answer.status).toBe(507);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('retry-after')).toBe('10');
      expect(await answer.json()).toMatchObject({ type: 'urn:problem:storage-full', remedy: expect.any(String) });
    };
    // SQLite's write-ahead log still has free pages of the rolled back import.
    const acknowledged: string[] = [];
    const register = async (n: number) => {
      const answer = await postJson(`${crm}/customers`, { ...molly, connectionId: `${n}` });
      if (answer.status === 201) acknowledged.push(`${n}`);
      return answer;
    };
    let connectionId = 20_000;
    while ((await register(connectionId)).status === 201) connectionId++;
    for (let n = 1; n < 20; n++) await refused(await register(connectionId + n));
    await refused(await upload(crm, file));
    expect(imports()).toHaveLength(1);
    const erase = () => postJson(`${crm}/customers/5/erasure`, { customerId: '5' });
    await refused(await erase());

    expect(await getJson(`${crm}/customers/7`)).toMatchObject({ status: 200, body: { lastName: 'Lopez' } });
    expect((await getJson(`${crm}/imports/${importId}`)).body).toMatchObject({
      state: expect.stringMatching(/waiting|running/),
    });
    expect(['1', '2']).toContain(await fetchMandate({ url: iotPlatform }, '7733'));
    const warnings = platform
      .output()
      .split('\n')
      .filter((line) => line.includes('request not answered'));
    // There were more than twenty refusals; the log line is rate-limited.
    expect(warnings.length).toBeLessThan(15);

    disk.makeSpace();
    const done = async () => (await getJson(`${crm}/imports/${importId}`)).body;
    await eventually(async () => expect(await done()).toMatchObject({ state: 'finished' }));
    expect(await done()).toMatchObject({ created: rows, updated: 0, unchanged: 0, skipped: 0, refused: 0 });
    expect(imports()).toEqual([]);
    expect((await erase()).status).toBe(200);
    expect((await postJson(`${crm}/customers/7`, corinneInRealTime)).status).toBe(200);
    await expectViewToEqualCrm(
      crm,
      iotPlatform,
      new Map([['7733', '2'], ...acknowledged.map((id): [string, string] => [id, '0'])]),
    );
    await eventually(async () =>
      expect([(await ready(crm)).status, (await ready(iotPlatform)).status]).toEqual([200, 200]),
    );
    expect(platform.output().split('\n').length).toBeLessThan(80);
    expect(await platform.end('SIGTERM')).toBe(0);
  },
);

it.skipIf(reason).each([0, 40_000, 150_000, 250_000, 400_000])(
  'a start on a disk with %i free bytes ends with one sentence',
  async (bytes) => {
    const disk = mountSmallDisk(4);
    onTestFinished(disk.remove);
    disk.fill(bytes);
    const started = startProcess('scripts/start.ts', { DATA_DIR: join(disk.folder, 'data') });
    onTestFinished(() => void started.end('SIGKILL'));
    expect([await started.ended, started.output()]).toEqual([1, expect.stringMatching(/disk is full|no space left/)]);
    expect(started.output()).not.toMatch(/^\s+at /m);
  },
);
