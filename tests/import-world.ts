import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MandateChangedEvent } from '../contracts/events/connection-mandate-changed/schema.ts';
import {
  type ImportJob,
  type ImportOptions,
  importFile,
  importOnce,
  jobOfFile,
  listImportedRows,
  type Problem,
  runImport,
  unfinishedJobs,
} from '../crm/imports/index.ts';
import { openTestDatabase } from './crm-database.ts';
import { dataFolder } from './platform-process.ts';
import { createTestRuntime } from './test-runtime.ts';

const asUsual: ImportOptions = { dryRun: false, onConflict: 'skip' };

/** A CRM's database, and imports of files that a test writes. */
export const importWorld = async () => {
  const db = await openTestDatabase();
  const folder = dataFolder();
  let transactions = Number.POSITIVE_INFINITY;
  const committed = () => {
    if (transactions-- <= 0) throw new Error('killed');
  };
  const changes = { ...createTestRuntime(), db, committed };
  const path = (lines: readonly (string | Buffer)[]) => {
    const file = join(folder, 'customers.csv');
    writeFileSync(file, Buffer.concat(lines.flatMap((line, n) => [Buffer.from(n > 0 ? '\n' : ''), Buffer.from(line)])));
    return file;
  };
  return {
    db,
    changes,
    path,
    once: (file: string) => importOnce(changes, file),
    load: (lines: readonly (string | Buffer)[], options: Partial<ImportOptions> = {}) =>
      importFile(changes, path(lines), { ...asUsual, ...options }),
    /** Of an import that is killed nothing says that it has failed. */
    loadUntilKilled: async (lines: readonly (string | Buffer)[], options: Partial<ImportOptions> = {}) => {
      const file = path(lines);
      const job = await jobOfFile(changes, file, { ...asUsual, ...options });
      await expect(runImport(changes, job, file)).rejects.toThrow('killed');
    },
    /** From now on the process dies after so many transactions. */
    dieAfter: (count: number) => {
      transactions = count;
    },
    /** What the next start does with the import that was killed. */
    resume: async () => {
      transactions = Number.POSITIVE_INFINITY;
      const [killed] = await unfinishedJobs(db);
      return runImport(changes, killed as ImportJob, join(folder, 'customers.csv'));
    },
    /** The report's rows, one line for each problem. */
    rows: async ({ importId }: ImportJob) =>
      (await listImportedRows(db, importId, { limit: 100 })).flatMap(({ line, outcome, problems }) =>
        (JSON.parse(problems) as Problem[]).map(({ column, value, reason }) => [line, outcome, column, value, reason]),
      ),
    waiting: async () => (await db.selectFrom('outbox').selectAll().execute()).length,
    /** What the events in the outbox say, in their order. */
    events: async () =>
      (await db.selectFrom('outbox').select('event').orderBy('sequence').execute())
        .map(({ event }) => (JSON.parse(event) as MandateChangedEvent).data)
        .map(({ connectionId, connectionMandate }) => [connectionId, connectionMandate]),
  };
};
