import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import {
  createJobForFile,
  type ImportJob,
  type ImportOptions,
  importFile,
  importOnce,
  listImportedRows,
  listUnfinishedJobs,
  type Problem,
  runImport,
} from '../crm/imports/index.ts';
import { openTestDatabase } from './crm-database.ts';
import { dataFolder } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';

const defaultOptions: ImportOptions = { dryRun: false, onConflict: 'skip' };

/** A CRM's database, and imports of files that a test writes. */
export const createImportFixture = async () => {
  const db = await openTestDatabase();
  const folder = dataFolder();
  let transactionsLeft = Number.POSITIVE_INFINITY;
  const onCommit = () => {
    if (transactionsLeft-- <= 0) throw new Error('killed');
  };
  const context = { ...createTestRuntime(), db, onCommit };
  const writeCsv = (lines: readonly (string | Buffer)[]) => {
    const file = join(folder, 'customers.csv');
    writeFileSync(file, Buffer.concat(lines.flatMap((line, n) => [Buffer.from(n > 0 ? '\n' : ''), Buffer.from(line)])));
    return file;
  };
  return {
    db,
    context,
    writeCsv,
    importOnceFrom: (file: string) => importOnce(context, file),
    load: (lines: readonly (string | Buffer)[], options: Partial<ImportOptions> = {}) =>
      importFile(context, writeCsv(lines), { ...defaultOptions, ...options }),
    /** Of an import that is killed nothing says that it has failed. */
    loadUntilKilled: async (lines: readonly (string | Buffer)[], options: Partial<ImportOptions> = {}) => {
      const file = writeCsv(lines);
      const job = await createJobForFile(context, file, { ...defaultOptions, ...options });
      await expect(runImport(context, job, file)).rejects.toThrow('killed');
    },
    /** From now on the process dies after so many transactions. */
    killAfter: (count: number) => {
      transactionsLeft = count;
    },
    /** What the next start does with the import that was killed. */
    resume: async () => {
      transactionsLeft = Number.POSITIVE_INFINITY;
      const [killed] = await listUnfinishedJobs(db);
      return runImport(context, killed as ImportJob, join(folder, 'customers.csv'));
    },
    /** The report's rows, one line for each problem. */
    reportRows: async ({ importId }: ImportJob) =>
      (await listImportedRows(db, importId, { limit: 100 })).flatMap(({ line, outcome, problems }) =>
        (JSON.parse(problems) as Problem[]).map(({ column, value, reason }) => [line, outcome, column, value, reason]),
      ),
    countWaitingEvents: async () => (await db.selectFrom('outbox').selectAll().execute()).length,
    /** What the events in the outbox say, in their order. */
    events: async () =>
      (await db.selectFrom('outbox').select('event').orderBy('sequence').execute())
        .map(({ event }) => (JSON.parse(event) as MandateChangedEvent).data)
        .map(({ connectionId, connectionMandate }) => [connectionId, connectionMandate]),
  };
};
