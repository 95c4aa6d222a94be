import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../packages/database/sqlite.ts';
import { dataFolder, startPlatform, startProcess } from './platform-process.ts';
import { findSmallDiskObstacle, mountSmallDisk } from './small-disk.ts';

const files = ['crm.sqlite', 'platform.sqlite', 'customer-view.sqlite'] as const;
let template: string;
beforeAll(async () => {
  template = dataFolder();
  await (await startPlatform({ DATA_DIR: template })).end('SIGTERM');
});

const sqlite = (file: string, statement: string) => {
  const database = openSqlite(file);
  database.exec(statement);
  database.close();
};
const damage = (file: string) => {
  const { size } = statSync(file);
  const descriptor = openSync(file, 'r+');
  // The first page stays intact, so that the file is recognised as a database.
  writeSync(descriptor, Buffer.alloc(size - 4096, 0xa5), 0, size - 4096, 4096);
  closeSync(descriptor);
};

const commands = {
  'npm start': ['scripts/start.ts'],
  'npm run migrate': ['crm/cli/migrate.ts'],
  'npm run migrate -- --dry-run': ['crm/cli/migrate.ts', '--dry-run'],
  'npm run import -- --direct': [
    'crm/cli/import.ts',
    'data/customer-database.csv',
    '--direct',
    '--refused',
    '/dev/null',
  ],
  'npm run rebuild': ['scripts/rebuild.ts', '--embedded', '--dry-run', '--without-crm'],
  'npm run dead-letters': ['scripts/dead-letters.ts', 'list', '--embedded'],
  'npm run rebuild -- --view orders': ['scripts/rebuild.ts', '--view', 'orders', '--embedded', '--dry-run'],
  'npm run consumer-group': ['scripts/consumer-group.ts', '--embedded'],
  crm: ['crm/main.ts'],
  'iot-platform': ['iot-platform/main.ts'],
  'customer-view': ['customer-view/main.ts'],
} as const;
type Name = keyof typeof commands;
const commandsOf: Record<(typeof files)[number], Name[]> = {
  'crm.sqlite': ['npm start', 'npm run migrate', 'npm run migrate -- --dry-run', 'npm run import -- --direct', 'crm'],
  'platform.sqlite': [
    'npm start',
    'npm run rebuild',
    'npm run dead-letters',
    'npm run consumer-group',
    'crm',
    'iot-platform',
    'customer-view',
  ],
  'customer-view.sqlite': ['npm start', 'npm run rebuild -- --view orders', 'customer-view'],
};

/** Expects one sentence that names the file from every command that uses it. */
const expectOneSentence = (folder: string, file: (typeof files)[number], message: RegExp, data = folder) =>
  Promise.all(
    commandsOf[file].map(async (name) => {
      const [script, ...args] = commands[name];
      const env = { DATA_DIR: data, CRM_DATABASE_URL: `sqlite:${join(folder, 'crm.sqlite')}`, CUSTOMERS_CSV: 'none' };
      const process = startProcess(script, env, args);
      onTestFinished(() => void process.end('SIGKILL'));
      const code = await process.ended;
      const lines = process
        .output()
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('{'));
      expect([name, code, process.output()]).toEqual([name, 1, expect.stringMatching(message)]);
      expect(process.output()).toContain(join(folder, file));
      expect(process.output()).not.toMatch(/^\s+at /m);
      // Some commands print first what they work on.
      expect(lines.length).toBeLessThanOrEqual(2);
    }),
  );

/** Copies the data, with one broken file. @returns the folder */
const createBroken = (file: (typeof files)[number], breakFile: (path: string) => void) => {
  const folder = dataFolder();
  cpSync(template, folder, { recursive: true });
  breakFile(join(folder, file));
  return folder;
};

describe.each(files)('%s', (file) => {
  it('is named when it is not a database', async () => {
    const folder = createBroken(file, (path) => writeFileSync(path, 'no database '.repeat(1000)));
    await expectOneSentence(folder, file, /is not a SQLite database: move it to another folder/);
  });
  it('is named when it is a folder', async () => {
    const folder = createBroken(file, (path) => {
      rmSync(path);
      mkdirSync(path);
    });
    await expectOneSentence(folder, file, /is a folder/);
  });
  it('is named with the remedy when it is damaged', async () =>
    expectOneSentence(createBroken(file, damage), file, /is damaged[\s\S]*npm run restore/));
});

it.each([
  ['crm.sqlite', "INSERT INTO kysely_migration VALUES ('9999-of-tomorrow', '2099-01-01')"],
  ['platform.sqlite', 'PRAGMA user_version = 99'],
] as const)('%s is named when it belongs to a newer release', async (file, statement) => {
  const folder = createBroken(file, (path) => sqlite(path, statement));
  await expectOneSentence(folder, file, /belongs to a newer release/);
});

const reason = findSmallDiskObstacle();
if (reason) console.warn(`skipped: the tests of a read-only disk. ${reason}`);

it.skipIf(reason)('a file on a read-only disk is named', async () => {
  const disk = mountSmallDisk(8);
  onTestFinished(disk.remove);
  cpSync(template, disk.folder, { recursive: true });
  spawnSync('mount', ['-o', 'remount,ro', disk.folder]);
  await expectOneSentence(disk.folder, 'crm.sqlite', /read-only: make it writable/, dataFolder());
  await expectOneSentence(disk.folder, 'platform.sqlite', /read-only: make it writable/);
});

it('a file of another user is named', async () => {
  const folder = dataFolder();
  cpSync(template, join(folder, 'data'), { recursive: true });
  const data = join(folder, 'data');
  // Root can read every file, so the process runs as another user.
  for (const file of files) chmodSync(join(data, file), 0o000);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) {
    chmodSync(folder, 0o755);
    chmodSync(data, 0o777);
  }
  const script =
    "import('./packages/database/sqlite.ts').then(({ openSqlite }) => openSqlite(process.argv[1])).catch((e) => { console.error(e.name, e.message); process.exit(1); })";
  const asNobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  const { stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', '-e', script, join(data, 'crm.sqlite')], {
    encoding: 'utf8',
    env: { ...process.env, TMPDIR: '/tmp' },
    ...asNobody,
  });
  expect([status, stderr]).toEqual([
    1,
    expect.stringMatching(/ConfigError .*crm\.sqlite and its folder must be readable and writable/),
  ]);
  renameSync(data, `${data}.gone`);
});
