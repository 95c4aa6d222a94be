import { execFile } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { mandates } from '../iot-platform/mandates/materialise.ts';
import { closeSqlite, openSqlite } from '../packages/database/sqlite.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { startDriftDetection } from '../packages/projections/drift/index.ts';
import { startProjection } from '../packages/projections/projection.ts';
import { openView } from '../packages/projections/view.ts';
import { expectViewToEqualCrm, sendChanges } from './changes.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime, molly } from './lab-customers.ts';
import { dataFolder, root, startPlatform } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';

const databases = ['crm.sqlite', 'customer-view.sqlite', 'platform.sqlite'];

/** Runs `npm run backup` or `npm run restore`. */
const npmRun = (script: string, data: string, folder: string, args: string[] = [], env: Record<string, string> = {}) =>
  promisify(execFile)('npm', ['run', '--silent', script, '--', folder, ...args], {
    cwd: root,
    env: { ...process.env, DATA_DIR: data, CRM_DATABASE_URL: '', ...env },
  }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code: code as number, output: `${stdout}${stderr}` }),
  );

const start = async (data: string, more: Record<string, string> = {}) => {
  const platform = await startPlatform({ DATA_DIR: data, LOG_LEVEL: 'warn', ...more });
  onTestFinished(() => void platform.end('SIGKILL'));
  return platform;
};

const read = <T>(file: string, statement: string): T[] => {
  const database = openSqlite(file);
  const rows = database.prepare(statement).all() as T[];
  closeSqlite(database);
  return rows;
};

/** Reads all changes of the two databases: those made in the CRM, waiting in its outbox, and published in the log. */
const changesIn = (folder: string) => {
  const made = read<{ change: string }>(
    join(folder, 'crm.sqlite'),
    'SELECT "connectionId" || \' \' || revision AS change FROM "mandateChange"',
  );
  const waiting = read<{ event: string }>(
    join(folder, 'crm.sqlite'),
    `SELECT event FROM outbox WHERE topic = '${topics.connectionMandates.name}'`,
  );
  const published = read<{ value: string }>(
    join(folder, 'platform.sqlite'),
    `SELECT cast(value AS text) AS value FROM record WHERE topic = '${topics.connectionMandates.name}'`,
  );
  const changeOf = (event: string) => {
    const { subject, sequence } = JSON.parse(event) as { subject: string; sequence: string };
    return `${subject} ${Number(sequence)}`;
  };
  return {
    made: new Set(made.map(({ change }) => change)),
    waiting: new Set(waiting.map(({ event }) => changeOf(event))),
    published: new Set(published.map(({ value }) => changeOf(value))),
  };
};

const copyFolder = (from: string) => {
  const folder = dataFolder();
  cpSync(from, folder, { recursive: true });
  return folder;
};

it('a backup under load is consistent across both databases, and a restored platform continues without loss', async () => {
  const data = dataFolder();
  const platform = await start(data, { CUSTOMERS_CSV: 'none' });
  const progress = { sent: 0 };
  const sending = sendChanges(() => platform.crm, { customers: 50, changes: 1_500, progress });
  let isSending = true;
  const stopped = () => {
    isSending = false;
  };
  sending.then(stopped, stopped);
  const backups: string[] = [];
  while (isSending && progress.sent < 1_000) {
    const backup = join(data, `backup-${backups.length}`);
    expect(await npmRun('backup', data, backup)).toMatchObject({
      code: 0,
      output: expect.stringContaining('crm.sqlite'),
    });
    backups.push(backup);
  }
  await sending;
  await postJson(`${platform.crm}/customers`, { ...molly, connectionId: '7777' });
  expect(await platform.end('SIGTERM')).toBe(0);
  expect(backups.length).toBeGreaterThan(0);

  for (const backup of backups) {
    // Opening a database creates a write-ahead log, so a copy of the backup is opened.
    const { made, waiting, published } = changesIn(copyFolder(backup));
    const all = new Set([...waiting, ...published]);
    expect([...published].filter((change) => !made.has(change))).toEqual([]);
    expect([...made].filter((change) => !all.has(change))).toEqual([]);
    expect(made.size).toBeGreaterThan(0);
  }

  const [backup = ''] = backups;
  const restored = await npmRun('restore', data, backup);
  expect(restored).toMatchObject({ code: 0, output: expect.stringContaining('Start the platform') });
  expect(readdirSync(data).filter((name) => /restor|replaced/.test(name))).toEqual([]);
  const again = await start(data, { CUSTOMERS_CSV: 'none' });
  expect((await getJson(`${again.crm}/customers?connectionId=7777`)).body).toMatchObject({ items: [] });
  await expectViewToEqualCrm(again.crm, again.iotPlatform, new Map());
  await expectViewToEqualCrm(
    again.crm,
    again.iotPlatform,
    await sendChanges(() => again.crm, { customers: 50, changes: 200 }),
  );
  expect((await getJson(`${again.iotPlatform}/status`)).body).toMatchObject({ sinceStart: { setAside: 0 } });
});

const waitForCustomers = (customerView: string) =>
  eventually(async () => {
    const { body } = await getJson(`${customerView}/customers`);
    expect(body.items).toHaveLength(8);
  });

describe('with a stopped platform', () => {
  const template = dataFolder();
  const templateBackup = join(dataFolder(), 'deep', 'backup');
  beforeAll(async () => {
    const platform = await startPlatform({ DATA_DIR: template, LOG_LEVEL: 'warn' });
    await eventually(async () => expect(await fetchMandate({ url: platform.iotPlatform }, '7733')).toBe('1'));
    await platform.end('SIGTERM');
    expect(await npmRun('backup', template, templateBackup)).toMatchObject({ code: 0 });
  });
  const prepare = () => ({ data: copyFolder(template), backup: copyFolder(templateBackup) });
  /** The inodes of the databases: a restored database is another file with the same name. */
  const inodesIn = (folder: string) => databases.map((name) => statSync(join(folder, name)).ino);

  it('a backup is readable by its owner only, has a manifest, and is never overwritten', async () => {
    const [data, backup] = [template, templateBackup];
    const modes = readdirSync(backup).map((name) => [name, (statSync(join(backup, name)).mode & 0o777).toString(8)]);
    expect(modes).toEqual([...databases, 'manifest.json'].sort().map((name) => [name, '600']));
    expect((statSync(backup).mode & 0o777).toString(8)).toBe('700');
    expect(JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'))).toMatchObject({
      format: 1,
      release: expect.any(String),
      files: [
        { name: 'platform.sqlite', schema: '1' },
        { name: 'crm.sqlite', schema: expect.stringMatching(/^\d{4}-/) },
        { name: 'customer-view.sqlite', schema: '0' },
      ],
    });
    expect(await npmRun('backup', data, backup)).toMatchObject({
      code: 1,
      output: expect.stringContaining('exists already'),
    });
  });

  it('a restore is refused while the platform runs', async () => {
    const { data, backup } = prepare();
    const platform = await start(data);
    await postJson(`${platform.crm}/customers/7`, corinneInRealTime);
    const refused = await npmRun('restore', data, backup);
    expect(refused).toMatchObject({ code: 1, output: expect.stringContaining('stop the platform first') });
    expect((await getJson(`${platform.crm}/customers/7`)).body).toMatchObject({ connectionMandate: '2' });
    expect((await getJson(`${platform.crm}/readyz`)).status).toBe(200);
  });

  it.each([
    [
      'a byte of the CRM',
      (backup: string) => appendFileSync(join(backup, 'crm.sqlite'), 'x'),
      /crm.sqlite of the backup is damaged/,
    ],
    ['the log', (backup: string) => rmSync(join(backup, 'platform.sqlite')), /platform.sqlite/],
    ['the manifest', (backup: string) => writeFileSync(join(backup, 'manifest.json'), '{'), /manifest.json is damaged/],
    ['all', (backup: string) => rmSync(backup, { recursive: true }), /is no backup/],
    [
      'the release',
      (backup: string) => {
        const manifest = join(backup, 'manifest.json');
        writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"format": 1', '"format": 2'));
      },
      /of a newer release/,
    ],
  ])('a backup that is damaged in %s is refused, and nothing is replaced', async (_what, harm, message) => {
    const { data, backup } = prepare();
    const before = inodesIn(data);
    harm(backup);
    const refused = await npmRun('restore', data, backup);
    expect(refused).toMatchObject({ code: 1, output: expect.stringMatching(message) });
    expect(refused.output).not.toMatch(/^\s+at /m);
    expect(inodesIn(data)).toEqual(before);
    await start(data);
    expect(readdirSync(data).filter((name) => /restor|replaced/.test(name))).toEqual([]);
  });

  it('a damaged database is replaced with --stopped only', async () => {
    const { data, backup } = prepare();
    writeFileSync(join(data, 'crm.sqlite'), 'no database '.repeat(500));
    expect(await npmRun('restore', data, backup)).toMatchObject({
      code: 1,
      output: expect.stringContaining('--stopped'),
    });
    expect(await npmRun('restore', data, backup, ['--stopped'])).toMatchObject({ code: 0 });
    const platform = await start(data);
    await expectViewToEqualCrm(platform.crm, platform.iotPlatform, new Map());
  });

  it('a lost folder is restored', async () => {
    const { data, backup } = prepare();
    renameSync(data, `${data}.lost`);
    expect(await npmRun('restore', data, backup)).toMatchObject({ code: 0 });
    expect(databases.map((name) => (statSync(join(data, name)).mode & 0o777).toString(8))).toEqual(
      databases.map(() => '600'),
    );
    const platform = await start(data);
    await expectViewToEqualCrm(platform.crm, platform.iotPlatform, new Map());
  });

  it('a backup of the CRM alone is not restored next to an existing log', async () => {
    const { data, backup } = prepare();
    const alone = join(dataFolder(), 'alone');
    for (const file of ['platform.sqlite', 'customer-view.sqlite']) rmSync(join(data, file));
    expect(await npmRun('backup', data, alone)).toMatchObject({ code: 0, output: expect.stringContaining('Kafka') });
    expect(existsSync(join(alone, 'platform.sqlite'))).toBe(false);
    expect(await npmRun('restore', data, backup)).toMatchObject({ code: 0 });
    expect(await npmRun('restore', data, alone)).toMatchObject({
      code: 1,
      output: expect.stringContaining('has no platform.sqlite'),
    });
  });

  it('a backup without the customer-view, as of an earlier release, is not restored next to its views', async () => {
    const { data, backup } = prepare();
    const manifest = JSON.parse(readFileSync(join(backup, 'manifest.json'), 'utf8'));
    const files = manifest.files.filter(({ name }: { name: string }) => name !== 'customer-view.sqlite');
    writeFileSync(join(backup, 'manifest.json'), JSON.stringify({ ...manifest, files }));
    expect(await npmRun('restore', data, backup)).toMatchObject({
      code: 1,
      output: expect.stringContaining('has no customer-view.sqlite'),
    });
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(data, `customer-view.sqlite${suffix}`), { force: true });
    expect(await npmRun('restore', data, backup)).toMatchObject({ code: 0 });
    // The consumer group of the restored log has read what the views lack.
    const { customerView } = await start(data);
    await eventually(async () => expect(await getJson(`${customerView}/customers`)).toMatchObject({ status: 503 }));
  });

  it('the views are restored, and are left alone if they are in another database now', async () => {
    const { data, backup } = prepare();
    const platform = await start(data);
    await waitForCustomers(platform.customerView);
    await platform.end('SIGTERM');
    expect((await npmRun('restore', data, backup)).output).toContain('customer-view.sqlite as of');
    const again = await start(data);
    await waitForCustomers(again.customerView);
    await again.end('SIGTERM');
    const elsewhere = { CUSTOMER_VIEW_DATABASE_URL: 'mysql://user:secret@127.0.0.1:1/views' };
    const inode = statSync(join(data, 'customer-view.sqlite')).ino;
    expect(await npmRun('restore', data, backup, [], elsewhere)).toMatchObject({
      code: 0,
      output: expect.stringContaining('customer-view.sqlite is not restored'),
    });
    expect(statSync(join(data, 'customer-view.sqlite')).ino).toBe(inode);
  });
});

it('a backup of a CRM on MySQL or in memory is refused with the remedy', async () => {
  const run = (url: string) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/backup.ts', 'x'], {
      cwd: root,
      env: { ...process.env, DATA_DIR: dataFolder(), CRM_DATABASE_URL: url },
    }).catch(({ code, stderr }) => ({ code, stderr }));
  expect(await run('mysql://crm:secret@127.0.0.1:1/crm')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('mysqldump'),
  });
  expect(await run('memory')).toMatchObject({ code: 1, stderr: expect.stringContaining('keeps nothing') });
});

it('a view in another store refuses after the log was replaced by an older copy', async () => {
  const runtime = { ...createTestRuntime(), now: Date.now };
  const data = dataFolder();
  const [logFile, viewFile] = [join(data, 'platform.sqlite'), join(data, 'other', 'view.sqlite')];
  const elsewhere = openEmbeddedPlatform(viewFile, []);
  onTestFinished(elsewhere.close);
  const store = elsewhere.stateStore('statestore');
  const follow = async (
    work: (view: ReturnType<typeof openView>, publish: (n: number) => Promise<void>) => Promise<void>,
  ) => {
    const platform = openEmbeddedPlatform(logFile, Object.values(topics));
    const bus = platform.eventBus('iot-platform-consumer');
    const topicLog = platform.logReader();
    const projection = await startProjection(mandates, { ...runtime, bus, store, topicLog });
    const drift = startDriftDetection(mandates, { ...runtime, bus, store, topicLog, apply: projection.apply });
    const view = openView(mandates, store, { partitions: drift.partitions });
    const event = (n: number) =>
      Buffer.from(JSON.stringify({ connectionId: '7733', connectionMandate: String(n % 3) }));
    await work(view, (n) =>
      bus.publish(topics.connectionMandates.name, [{ id: `${n}`, key: '7733', value: event(n) }]),
    );
    await Promise.all([projection.close(), drift.close()]);
    platform.close();
  };
  await follow(async (view, publish) => {
    await publish(1);
    await eventually(async () => expect(await view.get('7733')).toMatchObject({ connectionMandate: '1' }));
  });
  cpSync(logFile, `${logFile}.old`);
  await follow(async (view, publish) => {
    await publish(2);
    await publish(3);
    await eventually(async () => expect(await view.get('7733')).toMatchObject({ connectionMandate: '0' }));
  });
  cpSync(`${logFile}.old`, logFile);
  await follow(async (view) => {
    await eventually(async () =>
      expect(view.get('7733')).rejects.toMatchObject({
        code: 'view-incomplete',
        remedy: expect.stringContaining('--from-crm'),
      }),
    );
  });
});
