import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../contracts/topics.ts';
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
import { readWaiting } from './waiting-events.ts';

const defaultOptions: ImportOptions = { dryRun: false, onConflict: 'skip' };

/** A CRM's database, with functions to import files that a test writes. */
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
    /** Runs an import until `onCommit` throws. Like an import whose process was killed, it is not marked as failed. */
    loadUntilKilled: async (lines: readonly (string | Buffer)[], options: Partial<ImportOptions> = {}) => {
      const file = writeCsv(lines);
      const job = await createJobForFile(context, file, { ...defaultOptions, ...options });
      await expect(runImport(context, job, file)).rejects.toThrow('killed');
    },
    /** Makes the import throw after this many further transactions. */
    killAfter: (count: number) => {
      transactionsLeft = count;
    },
    /** Resumes the killed import, as the next start does. */
    resume: async () => {
      transactionsLeft = Number.POSITIVE_INFINITY;
      const [killed] = await listUnfinishedJobs(db);
      return runImport(context, killed as ImportJob, join(folder, 'customers.csv'));
    },
    /** The rows of the report, one entry per problem. */
    reportRows: async ({ importId }: ImportJob) =>
      (await listImportedRows(db, importId, { limit: 100 })).flatMap(({ line, outcome, problems }) =>
        (JSON.parse(problems) as Problem[]).map(({ column, value, reason }) => [line, outcome, column, value, reason]),
      ),
    countWaitingEvents: async (
      topic: (typeof topics)['customers' | 'connectionMandates'] = topics.connectionMandates,
    ) => (await readWaiting(db, topic)).length,
    /** Connection and mandate of each mandate event in the outbox, in order. */
    events: async () =>
      (await readWaiting<MandateChangedEvent>(db, topics.connectionMandates)).map(({ event }) => [
        event?.data.connectionId,
        event?.data.connectionMandate,
      ]),
  };
};
