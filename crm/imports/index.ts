/**
 * Imports of customers from CSV files. A file is stored (receive/), waits in a queue (jobs/import-queue.ts) and is imported
 * (run/run-import.ts): each row is validated (check/), compared with the database and written. report/ shows the outcome.
 */
export type { Problem } from './check/check-row.ts';
export { UnusableHeader } from './check/header.ts';
export { columnChoices } from './column-names.ts';
export { toFileName } from './file-name.ts';
export {
  conflictPolicies,
  createJob,
  findJob,
  type ImportJob,
  type ImportOptions,
  listImportedRows,
  listUnfinishedJobs,
  reportRetentionDays,
} from './import-job.ts';
export { createJobForFile, importFile, importOnce, logImport } from './jobs/import-once.ts';
export { createImportQueue, type ImportQueue, type QueueLimits } from './jobs/import-queue.ts';
export { importFileNames } from './personal-data/file-names.ts';
export { importedRows } from './personal-data/imported-rows.ts';
export { streamRefusedCsv } from './report/refused-csv.ts';
export { purgeOldReports, removeImport } from './report/remove-report.ts';
export { type importedRowSchema, type importSchema, showImport, showImportedRow } from './report/show-import.ts';
export { importRoutes, importStatuses } from './routes.ts';
export { runImport } from './run/run-import.ts';
