import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinne, corinneInRealTime } from './lab-customers.ts';
import { dataFolder, startPlatform, startProgram } from './platform-process.ts';

const start = async (folder: string) => {
  const platform = await startPlatform({ DATA_DIR: folder });
  onTestFinished(() => void platform.end('SIGKILL'));
  await eventually(async () => expect((await getJson(`${platform.iotPlatform}/readyz`)).status).toBe(200));
  await eventually(async () => expect(await fetchMandate({ url: platform.iotPlatform }, '7733')).not.toBe(404));
  return platform;
};
const notReady = (...checks: string[]) => ({
  status: 503,
  body: { checks: Object.fromEntries(checks.map((name) => [name, expect.stringContaining('removed or replaced')])) },
});
const refused = {
  status: 503,
  body: { type: 'urn:problem:database-replaced', remedy: expect.stringContaining('restart') },
};
const change = async (crm: string, body: object) => {
  const answer = await postJson(`${crm}/customers/7`, body);
  return { status: answer.status, body: await answer.json() };
};

it('the IoT platform refuses at once when the file of log and view is moved away, and continues when it is back; the CRM keeps its events', async () => {
  const folder = dataFolder();
  const { crm, iotPlatform, output } = await start(folder);
  const file = join(folder, 'platform.sqlite');
  renameSync(file, `${file}.away`);
  expect(await getJson(`${iotPlatform}/readyz`)).toMatchObject(notReady('stateStore', 'eventBus'));
  expect(await getJson(`${crm}/readyz`)).toMatchObject(notReady('eventBus'));
  expect(await getJson(`${iotPlatform}/mandates/7733`)).toMatchObject(refused);
  expect(await getJson(`${iotPlatform}/?connectionId=42`)).toMatchObject(refused);
  expect((await change(crm, corinneInRealTime)).status).toBe(200);
  // The new mandate, and the new state of the customer.
  expect((await getJson(`${crm}/status`)).body).toMatchObject({ outbox: { waiting: 2 } });
  renameSync(`${file}.away`, file);
  await eventually(async () => expect(await fetchMandate({ url: iotPlatform }, '7733')).toBe('2'));
  expect((await getJson(`${iotPlatform}/readyz`)).status).toBe(200);
  const warnings = output()
    .split('\n')
    .filter((line) => /"level":[45]0/.test(line));
  // At most two about each of the five topics, and those about requests and the outbox.
  expect(warnings.length).toBeLessThan(18);
});

it.each(['crm.sqlite', 'crm.sqlite-wal'])('a CRM whose %s was deleted acknowledges no change', async (name) => {
  const folder = dataFolder();
  const { crm } = await start(folder);
  rmSync(join(folder, name));
  expect(await getJson(`${crm}/readyz`)).toMatchObject(notReady(...(name === 'crm.sqlite' ? ['database'] : [])));
  expect(await change(crm, corinneInRealTime)).toMatchObject(refused);
  expect(await change(crm, { ...corinne, connectionId: '7734' })).toMatchObject(refused);
});

it('a platform whose folder is removed refuses everything, and a restart begins with an empty folder', async () => {
  const folder = join(dataFolder(), 'data');
  const platform = await start(folder);
  rmSync(folder, { recursive: true });
  expect(await getJson(`${platform.crm}/readyz`)).toMatchObject(notReady('database', 'eventBus'));
  expect(await getJson(`${platform.iotPlatform}/readyz`)).toMatchObject(notReady('stateStore', 'eventBus'));
  expect(await change(platform.crm, corinneInRealTime)).toMatchObject(refused);
  expect(await getJson(`${platform.iotPlatform}/mandates/7733`)).toMatchObject(refused);
  await platform.end('SIGTERM');
  const again = await start(folder);
  expect(await fetchMandate({ url: again.iotPlatform }, '7733')).toBe('1');
});

it('files with personal data are readable by their owner only under any umask, and a start corrects wider modes with one log line', async () => {
  const folder = dataFolder();
  await chmod(folder, 0o755);
  const env = { DATA_DIR: folder, APP_PORT: '0', APP_REST_PORT: '0', CUSTOMER_VIEW_PORT: '0' };
  const run = () => startProgram('sh', ['-c', 'umask 000; exec node --import tsx scripts/start.ts'], env);
  const waitUntilStarted = async (platform: ReturnType<typeof run>) => {
    onTestFinished(() => void platform.end('SIGKILL'));
    await eventually(() => expect(platform.output()).toContain('Ctrl-C stops'));
  };
  const first = run();
  await waitUntilStarted(first);
  const crm = /CRM +(http\S+)/.exec(first.output())?.[1];
  await fetch(`${crm}/imports`, { method: 'POST', headers: { 'content-type': 'text/csv' }, body: 'firstName\n' });
  const modes = () =>
    Object.fromEntries(
      readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((name) => [name, (statSync(join(folder, name)).mode & 0o777).toString(8)]),
    );
  const sqlite = (name: string) => ({ [name]: '600', [`${name}-shm`]: '600', [`${name}-wal`]: '600' });
  const record = (name: string) => ({ [`running/${name}.json`]: '600', [`running/${name}.lock`]: '600' });
  expect(modes()).toEqual({
    ...sqlite('crm.sqlite'),
    ...sqlite('customer-view.sqlite'),
    ...sqlite('platform.sqlite'),
    imports: '700',
    'imports/0': '700',
    'npm-start.lock': '600',
    running: '700',
    ...record('crm'),
    ...record('iot-platform'),
    ...record('customer-view'),
  });
  expect((statSync(folder).mode & 0o777).toString(8)).toBe('755');
  await first.end('SIGTERM');
  await chmod(join(folder, 'crm.sqlite'), 0o644);
  const second = run();
  await waitUntilStarted(second);
  expect(modes()).toMatchObject(sqlite('crm.sqlite'));
  expect(second.output().match(/restricted database files/g)).toHaveLength(1);
});
