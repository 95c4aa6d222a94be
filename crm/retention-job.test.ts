import type { Kysely } from 'kysely';
import { afterEach, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { openTestDatabase } from '../tests/crm-database.ts';
import { eventually } from '../tests/eventually.ts';
import { createTestRuntime, noon } from '../tests/test-runtime.ts';
import type { CrmDatabase } from './database/index.ts';
import { createJob, reportRetentionDays } from './imports/index.ts';
import { startRetentionJob } from './retention-job.ts';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
let db: Kysely<CrmDatabase>;
const { setClock, ...runtime } = createTestRuntime();
beforeEach(async () => {
  setClock(noon);
  db = await openTestDatabase();
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
});
afterEach(() => void vi.useRealTimers());

/** Runs the retention job at the start and an hour later, and compares what remains after each run. */
const expectRemaining = async (readRemaining: () => Promise<string[]>, atStart: string[], afterAnHour: string[]) => {
  const job = startRetentionJob({ ...runtime, db, onCommit: () => {} });
  onTestFinished(() => job.close());
  await eventually(async () => expect(await readRemaining()).toEqual(atStart));
  setClock(noon + hour);
  await vi.advanceTimersByTimeAsync(hour);
  await eventually(async () => expect(await readRemaining()).toEqual(afterAnHour));
  await job.close();
};

it('purges stored answers that are a day old, at the start and every hour', async () => {
  const answer = { contentDigest: null, customerId: null, answer: null };
  const stored = [
    { ...answer, keyDigest: 'old', createdAt: noon - day },
    { ...answer, keyDigest: 'new', createdAt: noon - day + 1 },
  ];
  await db.insertInto('storedAnswer').values(stored).execute();
  const readRemaining = async () =>
    (await db.selectFrom('storedAnswer').select('keyDigest').execute()).map((row) => row.keyDigest);
  await expectRemaining(readRemaining, ['new'], []);
});

it('purges import reports that are a month old, except the job of an import that still runs', async () => {
  const monthAgo = noon - reportRetentionDays * day;
  const file = { fileName: 'a.csv', digest: 'd', bytes: 1, lines: 1, columns: [] };
  const row = {
    line: 2,
    outcome: 'refused',
    customerId: null,
    connectionId: null,
    problems: '[]',
    cells: '[]',
    textKey: '',
  } as const;
  for (const [importId, createdAt, state] of [
    ['old', monthAgo - 1, 'finished'],
    ['broken-off', monthAgo - 1, 'failed'],
    ['running', monthAgo - 1, 'running'],
    ['younger', monthAgo, 'finished'],
  ] as const) {
    await createJob(db, { ...file, importId, createdAt }, { dryRun: false, onConflict: 'skip' });
    await db.updateTable('importJob').set({ state }).where('importId', '=', importId).execute();
    await db
      .insertInto('importedRow')
      .values({ ...row, importId })
      .execute();
  }
  const readRemaining = async () => [
    ...(await db.selectFrom('importJob').select('importId').orderBy('importId').execute()).map((job) => job.importId),
    ...(await db.selectFrom('importedRow').select('importId').execute()).map(({ importId }) => `row of ${importId}`),
  ];
  await expectRemaining(readRemaining, ['running', 'younger', 'row of younger'], ['running']);
});
