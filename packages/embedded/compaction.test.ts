import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { countTurns } from '../../tests/event-loop-turns.ts';
import { eventually } from '../../tests/eventually.ts';
import { dataFolder } from '../../tests/platform-process.ts';
import type { SqliteDatabase } from '../database/sqlite.ts';
import { openSqlite } from '../database/sqlite.ts';
import { openCompaction } from './adapters/compaction.ts';
import { type EmbeddedPlatform, openEmbeddedPlatform } from './platform.ts';

const plain = { name: 'things', partitions: 1, maxMessageBytes: 16_384 };
const compacted = { ...plain, name: 'people', compaction: { segmentMs: 1_000, maxLagMs: 1_000 } };
const topics = [plain, compacted];

const publish = (platform: EmbeddedPlatform, topic: string, ...records: [key: string, value: string][]) =>
  platform.eventBus('writer').publish(
    topic,
    records.map(([key, value], n) => ({ id: `${key}-${n}`, key, value: Buffer.from(value) })),
  );
const readLog = async (platform: EmbeddedPlatform, topic: string) => {
  const log = platform.logReader();
  const ranges = await log.offsets(topic);
  const records: string[] = [];
  await log.read(topic, ranges, async (batch) => {
    records.push(...batch.records.map(({ offset, key, value }) => `${offset} ${key} ${value}`.trim()));
  });
  return { ranges, records };
};

const openInFolder = (folder = dataFolder(), purgeDelayMs = 20) => {
  const file = join(folder, 'platform.sqlite');
  const platform = openEmbeddedPlatform(file, topics, { purgeDelayMs, lockWaitMs: 20_000 });
  onTestFinished(() => platform.close());
  /** Whether the text is anywhere in the bytes of the database file and its write-ahead log. */
  const holds = (text: string) => readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(text));
  return { platform, folder, file, holds };
};

it('a tombstone removes the earlier records of its key from a compacted topic, and keeps all offsets', async () => {
  const platform = openEmbeddedPlatform(':memory:', topics);
  await publish(platform, 'people', ['7', 'Ada'], ['8', 'Bea'], ['7', 'Adele']);
  await publish(platform, 'people', ['7', '']);
  expect(await readLog(platform, 'people')).toEqual({
    ranges: [{ partition: 0, begin: 0, end: 4 }],
    records: ['1 8 Bea', '3 7'],
  });
  await publish(platform, 'people', ['7', ''], ['8', '']);
  expect(await readLog(platform, 'people')).toEqual({
    ranges: [{ partition: 0, begin: 0, end: 6 }],
    records: ['4 7', '5 8'],
  });
});

it('a tombstone is an ordinary record on a topic without compaction', async () => {
  const platform = openEmbeddedPlatform(':memory:', topics);
  await publish(platform, 'things', ['7', 'one'], ['7', '']);
  expect((await readLog(platform, 'things')).records).toEqual(['0 7 one', '1 7']);
});

it('finds the records of a key by an index, also in a file that was written before compaction', async () => {
  const { folder, file, platform } = openInFolder();
  platform.close();
  const before = openSqlite(file);
  before.exec('DROP INDEX record_key_people; DROP TABLE due_purge');
  before.close();
  openInFolder(folder).platform.close();
  const database = openSqlite(file);
  const statements: string[] = [];
  openCompaction({ prepare: (text: string) => void statements.push(text) } as unknown as SqliteDatabase, compacted);
  const [plan] = database.prepare(`EXPLAIN QUERY PLAN ${statements[0]}`).all('7') as { detail: string }[];
  database.close();
  expect(plan?.detail).toContain('INDEX record_key_people (key=?');
});

/** Fills several pages, so that its bytes stay in free pages when it is removed. */
const longValue = 'Quirine '.repeat(1_000);

it('purges the bytes of removed records, while other records are written and the event loop turns', async () => {
  const { platform, holds } = openInFolder();
  const fillers = Array.from({ length: 5_000 }, (_, n): [string, string] => [`${n}`, 'x'.repeat(1_000)]);
  await publish(platform, 'things', ...fillers);
  await publish(platform, 'people', ['7', longValue], ['8', 'Bea']);
  expect(holds('Quirine')).toBe(true);
  await publish(platform, 'people', ['7', '']);
  const store = platform.stateStore('things');
  let isPurged = false;
  let written = 0;
  const writeUntilPurged = async () => {
    while (!isPurged) {
      await publish(platform, 'things', [`${written}`, 'meanwhile']);
      await store.transact([{ key: `key-${written}`, value: written }]);
      written++;
      await setImmediate();
    }
  };
  const writing = countTurns(writeUntilPurged);
  await eventually(() => expect(holds('Quirine')).toBe(false), { interval: 200 });
  isPurged = true;
  expect(await writing).toBeGreaterThan(written);
  expect(written).toBeGreaterThan(0);
  expect((await readLog(platform, 'people')).records).toEqual(['1 8 Bea', '2 7']);
});

it('purges again for a tombstone that is published later, and never for the repetition of one', async () => {
  const { platform, file, holds } = openInFolder();
  await publish(platform, 'people', ['7', longValue], ['8', longValue]);
  const isDue = () => {
    const database = openSqlite(file);
    const rows = database.prepare('SELECT * FROM due_purge').all();
    database.close();
    return rows.length > 0;
  };
  await publish(platform, 'people', ['7', '']);
  expect(isDue()).toBe(true);
  await eventually(() => expect(isDue()).toBe(false));
  await publish(platform, 'people', ['7', '']);
  expect(isDue()).toBe(false);
  await publish(platform, 'people', ['8', '']);
  await eventually(() => expect(holds('Quirine')).toBe(false));
});

it('purges after the next start what a stopped process has removed', async () => {
  const { platform, folder, holds } = openInFolder(undefined, 600_000);
  await publish(platform, 'people', ['7', longValue]);
  await publish(platform, 'people', ['7', '']);
  platform.close();
  expect(holds('Quirine')).toBe(true);
  openInFolder(folder);
  await eventually(() => expect(holds('Quirine')).toBe(false));
});
