import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../packages/database/sqlite.ts';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { dataFolder, startPlatform } from './platform-process.ts';

const folder = dataFolder();
/** In real time, because real processes run: far below the 10 s for which SQLite itself would wait, and enough on a busy machine. */
const soonMs = 5_000;

let platform: Awaited<ReturnType<typeof startPlatform>>;
beforeAll(async () => {
  platform = await startPlatform({ DATA_DIR: folder });
});
afterAll(async () => expect(await platform.end('SIGTERM')).toBe(0));

/** Holds the write lock of a database, as another process in a long transaction does. */
const holdLock = (file: string) => {
  const other = openSqlite(join(folder, file));
  other.exec('BEGIN IMMEDIATE');
  let isHeld = true;
  const release = () => {
    if (isHeld) other.exec('COMMIT');
    if (isHeld) other.close();
    isHeld = false;
  };
  onTestFinished(release);
  return release;
};

const expectSoon = async <T>(send: () => Promise<T>) => {
  const began = performance.now();
  const answer = await send();
  expect(performance.now() - began).toBeLessThan(soonMs);
  return answer;
};
/** Sends a change once; `patchJson` would repeat it. */
const change = (connectionMandate: string) => {
  const headers = { 'content-type': 'application/json' };
  return fetch(`${platform.crm}/customers/7`, {
    method: 'PATCH',
    headers,
    body: JSON.stringify({ connectionMandate }),
  });
};
const expectReadsAnswered = async () => {
  for (const url of [`${platform.crm}/healthz`, `${platform.iotPlatform}/healthz`, `${platform.crm}/customers/7`])
    expect((await expectSoon(() => getJson(url))).status).toBe(200);
};

describe('while another process holds the write lock', () => {
  it('of the event bus and the view, both services answer, changes are accepted, and the view catches up afterwards', async () => {
    const view = async () => (await getJson(`${platform.iotPlatform}/mandates/7733`)).body.connectionMandate;
    await eventually(async () => expect(await view()).toBeDefined());
    const release = holdLock('platform.sqlite');
    for (const mandate of ['0', '1', '2', '0']) {
      expect((await expectSoon(() => change(mandate))).status).toBe(200);
      await expectReadsAnswered();
      expect((await expectSoon(() => getJson(`${platform.iotPlatform}/mandates/7733`))).status).toBe(200);
    }
    release();
    await eventually(async () => expect(await view()).toBe('0'));
    const outbox = async () => (await getJson(`${platform.crm}/status`)).body.outbox;
    await eventually(async () => expect(await outbox()).toMatchObject({ waiting: 0 }));
  });

  it('of the customers, a change is refused at once and can be repeated, and reads are answered', async () => {
    const release = holdLock('crm.sqlite');
    for (let n = 0; n < 3; n++) {
      const refused = await expectSoon(() => change('1'));
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toBe('1');
      expect(await refused.json()).toMatchObject({ type: 'urn:problem:database-busy', remedy: expect.any(String) });
      await expectReadsAnswered();
    }
    release();
    await eventually(async () => expect((await change('1')).status).toBe(200));
  });
});
