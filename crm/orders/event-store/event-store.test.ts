import type { Kysely } from 'kysely';
import { beforeEach, describe, expect, it } from 'vitest';
import { isMysql } from '../../../packages/database/run-exclusively.ts';
import { openTestDatabase } from '../../../tests/crm-database.ts';
import { type CrmDatabase, transact } from '../../database/index.ts';
import { orders } from '../../database/migrations/0011-orders.ts';
import { appendEvents, emptyStream, readEvents } from './index.ts';

const metadata = { actor: '42', correlationId: 'process 1', causationId: 'command 1', traceparent: null };
const event = (n: number) => ({ type: 'Counted.v1', data: { n } });

let db: Kysely<CrmDatabase>;
beforeEach(async () => {
  db = await openTestDatabase();
});

const append = (end: { version: number; recordedAt: number }, counted: number[], now = 5_000, stream = 's1') =>
  transact(db, (trx) => appendEvents(trx, stream, end, counted.map(event), { now, metadata }));
const readAll = (stream = 's1') => readEvents(db, stream, { after: 0, limit: 100 });
const countedIn = async (stream?: string) => (await readAll(stream)).map(({ data }) => (data as { n: number }).n);

describe('a stream', () => {
  it('returns the appended events in their order, with metadata and times', async () => {
    const appended = await append(emptyStream, [1, 2]);
    expect(appended).toEqual([
      { version: 1, ...event(1), metadata, recordedAt: 5_000 },
      { version: 2, ...event(2), metadata, recordedAt: 5_000 },
    ]);
    await append({ version: 2, recordedAt: 5_000 }, [3], 6_000);
    await append(emptyStream, [9], 6_000, 's2');
    expect(await readAll()).toEqual([...appended, { version: 3, ...event(3), metadata, recordedAt: 6_000 }]);
    expect(await countedIn('s2')).toEqual([9]);
    expect(await countedIn('s3')).toEqual([]);
  });

  it('is read after a version, up to a version or a time, and page by page', async () => {
    await append(emptyStream, [1, 2], 1_000);
    await append({ version: 2, recordedAt: 1_000 }, [3, 4], 2_000);
    const versions = async (range: object) =>
      (await readEvents(db, 's1', { after: 0, limit: 100, ...range })).map(({ version }) => version);
    expect(await versions({ after: 1 })).toEqual([2, 3, 4]);
    expect(await versions({ version: 3 })).toEqual([1, 2, 3]);
    expect(await versions({ at: 1_999 })).toEqual([1, 2]);
    expect(await versions({ at: 2_000, after: 2 })).toEqual([3, 4]);
    expect(await versions({ limit: 2, after: 1 })).toEqual([2, 3]);
  });

  it('never records an event before its predecessor, even if the clock was set back', async () => {
    await append(emptyStream, [1], 9_000);
    expect(await append({ version: 1, recordedAt: 9_000 }, [2], 4_000)).toMatchObject([{ recordedAt: 9_000 }]);
  });

  it.each([
    ['a version that exists', { version: 1, recordedAt: 5_000 }],
    ['the first version again', emptyStream],
    ['a version after a gap', { version: 5, recordedAt: 5_000 }],
  ])('refuses %s as a conflict', async (_, end) => {
    await append(emptyStream, [1, 2]);
    const appending = db
      .transaction()
      .execute((trx) => appendEvents(trx, 's1', end, [event(3)], { now: 5_000, metadata }));
    await expect(appending).rejects.toMatchObject({ code: 'database-conflict' });
    expect(await countedIn()).toEqual([1, 2]);
  });

  it('gets one event of each of many writers, which read it again after a conflict', async () => {
    const writers = Array.from({ length: 8 }, (_, n) => n);
    await Promise.all(
      writers.map((n) =>
        transact(db, async (trx) => {
          const last = (await readEvents(trx, 's1', { after: 0, limit: 100 })).at(-1) ?? emptyStream;
          await appendEvents(trx, 's1', last, [event(n)], { now: 5_000, metadata });
        }),
      ),
    );
    expect((await countedIn()).sort()).toEqual(writers);
  });
});

describe('history', () => {
  const row = { stream: 's1', version: 1, type: 'Forged.v1', data: '{}', metadata: '{}', recordedAt: 1 };
  const forged = { data: '{"n":0}' };
  const attempts: Record<string, () => Promise<unknown>> = {
    update: () => db.updateTable('orderEvent').set(forged).where('version', '=', 1).execute(),
    delete: () => db.deleteFrom('orderEvent').where('version', '=', 2).execute(),
    replace: () => db.replaceInto('orderEvent').values(row).execute(),
    upsert: () => {
      const insert = db.insertInto('orderEvent').values(row);
      if (isMysql(db)) return insert.onDuplicateKeyUpdate(forged).execute();
      return insert.onConflict((on) => on.columns(['stream', 'version']).doUpdateSet(forged)).execute();
    },
    'update of a key': () => db.updateTable('orderEvent').set({ version: 7 }).where('version', '=', 2).execute(),
    'insert after a gap': () =>
      db
        .insertInto('orderEvent')
        .values({ ...row, version: 4 })
        .execute(),
  };

  it.each(Object.keys(attempts))('cannot be changed by an %s', async (name) => {
    await append(emptyStream, [1, 2]);
    const before = await readAll();
    await expect(attempts[name]?.()).rejects.toThrow(/append-only|not the next version|ER_SIGNAL|Concurrent changes/);
    expect(await readAll()).toEqual(before);
  });

  it('cannot be changed after the migration ran twice, because one that was killed runs again', async () => {
    for (const _ of [1, 2]) await orders.up(db.withTables<never>());
    await append(emptyStream, [1, 2]);
    for (const attempt of Object.values(attempts)) await expect(attempt()).rejects.toThrow();
    expect(await countedIn()).toEqual([1, 2]);
  });
});
