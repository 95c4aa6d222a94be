import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { readPage } from '../../packages/database/pages.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import type { CrmContext } from '../customers/index.ts';
import { findJob, listImportedRows, listJobs } from './import-job.ts';
import type { ImportQueue } from './jobs/import-queue.ts';
import { streamRefusedCsv } from './report/refused-csv.ts';
import { importedRowSchema, importSchema, showImport, showImportedRow } from './report/show-import.ts';
import { startOperation } from './start-operation.ts';

export const importStatuses = {
  'import-unknown': 404,
  'upload-too-slow': 408,
  'file-too-large': 413,
  'unusable-file': 422,
  'too-many-imports': 429,
};

const importPath = z.object({
  importId: z.string().meta({
    description: 'An `importId` in the answer of `GET /imports`.',
    examples: ['6d1e7a52-0c3b-4f7e-8a55-2b7f6f3a11c0'],
    isKnownLater: true,
  }),
});
const rowsQuery = z.strictObject({
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
  after: wholeNumber('a line', { min: 0, max: 2 ** 31 - 1, defaultValue: 0 }),
});
const maxListedJobs = 100;
const exampleRefusedRows =
  'reason,customerId,firstName,lastName,city,connectionId,connectionMandate\n' +
  'connectionId: also on line 2,,Dirk,Jansen,Leiden,0071,1\n';

type ImportRoutesContext = Pick<CrmContext, 'db'> & { readonly imports: ImportQueue };

export const importRoutes = ({ db, imports }: ImportRoutesContext): Routes =>
  withTag('Imports', {
    '/imports': {
      get: operation({
        summary: 'The latest imports, up to a hundred',
        responses: { 200: { description: 'The latest first.', schema: z.object({ items: z.array(importSchema) }) } },
        handle: async (_request, res) => res.json({ items: (await listJobs(db, maxListedJobs)).map(showImport) }),
      }),
      post: startOperation(imports),
    },
    '/imports/:importId': {
      get: operation({
        summary: 'The progress and the outcome of an import',
        path: importPath,
        responses: { 200: { description: 'The import.', schema: importSchema } },
        errors: ['import-unknown'],
        handle: async ({ path }, res) => res.json(showImport(await findJob(db, path.importId))),
      }),
      delete: operation({
        summary: 'Remove an import with its report and its file, and stop it if it waits or runs',
        description:
          'A running import stops between two transactions. The imported customers and the evidence of consent stay.',
        path: importPath,
        responses: { 204: { description: 'The import is removed.' } },
        errors: ['import-unknown'],
        handle: async ({ path }, res) => {
          await imports.remove(path.importId);
          res.status(204).end();
        },
      }),
    },
    '/imports/:importId/rows': {
      get: operation({
        summary: 'The refused and skipped rows, with the reasons',
        path: importPath,
        query: rowsQuery,
        responses: {
          200: {
            description: 'A page by line. `next` is the path of the next page, null on the last one.',
            schema: z.object({ items: z.array(importedRowSchema), next: z.string().nullable() }),
          },
        },
        errors: ['import-unknown'],
        handle: async ({ path, query: { after, limit } }, res) => {
          const { importId } = await findJob(db, path.importId);
          const page = await readPage(limit, (rows) => listImportedRows(db, importId, { after, limit: rows }));
          const next = page.next ? `/imports/${importId}/rows?limit=${limit}&after=${page.next.line}` : null;
          res.json({ items: page.items.map(showImportedRow), next });
        },
      }),
    },
    '/imports/:importId/refused.csv': {
      get: operation({
        summary: 'The refused rows as a file, with the reasons, to correct and import again',
        path: importPath,
        description:
          'Only rows that the report lists. The header Rows-Not-Listed, the name of the file and the notes show if rows are missing.',
        responses: {
          200: {
            description: 'CSV in UTF-8.',
            mediaType: 'text/csv',
            example: exampleRefusedRows,
            headers: {
              'Rows-Not-Listed': {
                description: 'How many refused rows are not in the file; 0 if it is complete.',
                example: '0',
              },
            },
          },
        },
        errors: ['import-unknown'],
        handle: async ({ path }, res) => {
          const job = await findJob(db, path.importId);
          const notListed = job.refused - job.listedRefused;
          res.type('text/csv').set('Rows-Not-Listed', String(notListed));
          res.attachment(`refused-${job.importId}${notListed > 0 ? '-incomplete' : ''}.csv`);
          await pipeline(Readable.from(streamRefusedCsv(db, job), { highWaterMark: 1 }), res);
        },
      }),
    },
  });
