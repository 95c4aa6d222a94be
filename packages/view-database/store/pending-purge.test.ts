import { readdirSync, readFileSync, statSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { countTurns } from '../../../tests/event-loop-turns.ts';
import { eventually } from '../../../tests/eventually.ts';
import { dataFolder } from '../../../tests/platform-process.ts';
import { openThingViews } from '../../../tests/thing-views.ts';
import { openSqlite } from '../../database/sqlite.ts';
import type { PurgeOptions } from './pending-purge.ts';

const never = 3_600_000;

const openIn = async (folder: string, purgeDelayMs: number, log?: PurgeOptions['log']) => {
  const views = await openThingViews(`sqlite:${folder}/views.sqlite`, { purgeDelayMs, ...(log && { log }) });
  onTestFinished(() => views.close().catch(() => {}));
  return views;
};
type Views = Awaited<ReturnType<typeof openIn>>;

/** Distinct owners, so that a page split leaves copies of some of them. */
const owners = Array.from({ length: 200 }, (_, n) => `${'zyxwvuts'[(n * 5) % 8]}-owner-${n}-`);
const findOwners = (folder: string) => {
  const bytes = Buffer.concat(readdirSync(folder).map((name) => readFileSync(`${folder}/${name}`)));
  return owners.filter((owner) => bytes.includes(owner));
};
const writeOwners = ({ things }: Views, prefix = '') =>
  things.transact(owners.map((owner, n) => ({ key: `${prefix}${owner[0]}${n}`, value: { n, owner } })));
const eraseOwners = ({ things }: Views, from = 0, to = owners.length) =>
  things.transact(
    owners.map((owner, n) => ({ key: `${owner[0]}${n}`, value: { n, isErased: true }, etag: '1' })).slice(from, to),
  );
const purged = (views: Views) => eventually(async () => expect(await views.hasErasedBytes()).toBe(false));

it('purges the bytes of erased documents from the file and its log, while the event loop runs', async () => {
  const folder = dataFolder();
  const views = await openIn(folder, 0);
  await writeOwners(views);
  expect(await views.hasErasedBytes()).toBe(false);
  expect(findOwners(folder)).toEqual(owners);
  await eraseOwners(views);
  expect(await countTurns(() => purged(views))).toBeGreaterThan(10);
  expect(findOwners(folder)).toEqual([]);
  expect((await views.things.getMany(['z0'])).get('z0')?.value).toEqual({ n: 0, isErased: true });
});

it('purges nothing after a write that erases no document', async () => {
  const views = await openIn(dataFolder(), never);
  await views.things.transact([
    { key: 'a', value: { n: 1, owner: 'x' } },
    { key: 'b', value: { n: 1, isErased: true } },
  ]);
  await views.things.transact([
    { key: 'a', value: { n: 2, owner: 'y' }, etag: '1' },
    { key: 'b', value: { n: 2, isErased: true }, etag: '1' },
  ]);
  expect(await views.hasErasedBytes()).toBe(false);
});

it('purges the bytes of documents that were removed with their generation', async () => {
  const folder = dataFolder();
  const views = await openIn(folder, 0);
  await writeOwners(views, 'g2:');
  await views.things.remove(owners.map((owner, n) => `g2:${owner[0]}${n}`));
  await purged(views);
  expect(findOwners(folder)).toEqual([]);
});

it('resumes at the next start what the previous process has not purged', async () => {
  const folder = dataFolder();
  const views = await openIn(folder, never);
  await writeOwners(views);
  await eraseOwners(views);
  expect(await views.hasErasedBytes()).toBe(true);
  await views.close();
  expect(findOwners(folder)).not.toEqual([]);
  await purged(await openIn(folder, 0));
  expect(findOwners(folder)).toEqual([]);
});

it('is not finished while another process reads the old pages, and purges once more for an erasure meanwhile', async () => {
  const folder = dataFolder();
  const views = await openIn(folder, 0);
  await writeOwners(views);
  const other = openSqlite(`${folder}/views.sqlite`);
  onTestFinished(() => void other.close());
  other.exec('BEGIN');
  other.prepare('SELECT count(*) FROM things').all();
  await eraseOwners(views, 0, 100);
  // The purge first writes the whole file to the log, and then waits for the reader.
  const logSize = () => statSync(`${folder}/views.sqlite-wal`).size;
  const erasedSize = logSize();
  await eventually(() => expect(logSize()).toBeGreaterThan(erasedSize));
  await eraseOwners(views, 100, 200);
  expect(findOwners(folder)).toEqual(owners);
  expect(await views.hasErasedBytes()).toBe(true);
  other.exec('COMMIT');
  await purged(views);
  expect(findOwners(folder)).toEqual([]);
});

it('is logged when it fails, and tried again', async () => {
  const folder = dataFolder();
  const warned: string[] = [];
  const views = await openIn(folder, 0, { warn: (_, message) => void warned.push(message) });
  await writeOwners(views);
  const other = openSqlite(`${folder}/views.sqlite`);
  onTestFinished(() => void other.close());
  other.exec("CREATE TRIGGER failing BEFORE DELETE ON pendingPurge BEGIN SELECT raise(ABORT, 'failing'); END");
  await eraseOwners(views);
  await eventually(() => expect(warned).toEqual([expect.stringContaining('will retry the purge')]));
  expect(await views.hasErasedBytes()).toBe(true);
  other.exec('DROP TRIGGER failing');
  await purged(views);
});
