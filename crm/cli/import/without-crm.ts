import { randomUUID } from 'node:crypto';
import type { DatabaseUrl } from '../../../packages/database/database-url.ts';
import { openCrmDatabase } from '../../database/index.ts';
import {
  type ImportOptions,
  importFile,
  listImportedRows,
  removeImport,
  showImport,
  showImportedRow,
  streamRefusedCsv,
} from '../../imports/index.ts';
import type { Import, ImportedRow } from './through-crm.ts';

export type DirectImport = {
  job: Import;
  rows: ImportedRow[];
  refused: AsyncIterable<string>;
  close(): Promise<void>;
};

/** Imports directly into the database. The events wait in its outbox until a CRM runs on it. */
export const importDirectly = async (
  url: DatabaseUrl,
  file: string,
  options: ImportOptions,
  { rowLimit, show }: { rowLimit: number; show: (job: Import) => void },
): Promise<DirectImport> => {
  const db = await openCrmDatabase(url);
  try {
    const context = { db, now: Date.now, newId: randomUUID, onCommit: () => {} };
    const job = await importFile(context, file, options, {
      onProgress: (advanced) => show(showImport(advanced)),
    });
    const rows = await listImportedRows(db, job.importId, { limit: rowLimit });
    return {
      job: showImport(job),
      rows: rows.map(showImportedRow),
      refused: streamRefusedCsv(db, job),
      close: () => db.destroy(),
    };
  } catch (error) {
    await db.destroy();
    throw error;
  }
};

/** Removes an import and its report. If a CRM has the file of the import, it deletes the file when its queue reaches it. */
export const deleteDirectly = async (url: DatabaseUrl, importId: string): Promise<void> => {
  const db = await openCrmDatabase(url);
  try {
    await removeImport(db, importId, Date.now());
  } finally {
    await db.destroy();
  }
};
