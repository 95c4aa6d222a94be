import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { MIMEType } from 'node:util';
import type { Request } from 'express';
import { z } from 'zod';
import { encodingNames, findEncoding } from '../../packages/csv/encoding.ts';
import { readPage } from '../../packages/database/pages.ts';
import { readBody } from '../../packages/http/content-encoding.ts';
import { operation, type Routes, withTag } from '../../packages/http/operation.ts';
import { wholeNumber } from '../../packages/http/whole-number.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import type { CrmContext } from '../customers/index.ts';
import { columnChoices } from './column-names.ts';
import { fileNameSchema } from './file-name.ts';
import { conflictPolicies, findJob, listImportedRows, listJobs } from './import-job.ts';
import type { ImportQueue } from './jobs/import-queue.ts';
import { streamRefusedCsv } from './report/refused-csv.ts';
import { importedRowSchema, importSchema, showImport, showImportedRow } from './report/show-import.ts';

export const importStatuses = {
  'import-unknown': 404,
  'upload-too-slow': 408,
  'file-too-large': 413,
  'unusable-file': 422,
  'too-many-imports': 429,
};

const startQuery = z.strictObject({
  onConflict: z
    .enum(conflictPolicies, `one of ${conflictPolicies.join(', ')}`)
    .default('skip')
    .meta({ description: 'What happens to a row whose customer exists and differs.' }),
  dryRun: z
    .enum(['true', 'false'], 'true or false')
    .default('false')
    .meta({ description: 'With true, all rows are validated and nothing is changed.' }),
  fileName: fileNameSchema
    .default('upload.csv')
    .meta({ description: 'The name of the file in the evidence of consent.' }),
  column: columnChoices.optional().meta({
    description:
      'COLUMN=FIELD: the field that a column contains, such as klantnummer=customerId. Repeat it for several columns. A column with the ' +
      'name of a field, or with a usual Dutch, German or English name, needs no such parameter.',
  }),
});

const importPath = z.object({ importId: z.string() });
const rowsQuery = z.strictObject({
  limit: wholeNumber('a whole number from 1 to 1000', { min: 1, max: 1000, defaultValue: 100 }),
  after: wholeNumber('a line', { min: 0, max: 2 ** 31 - 1, defaultValue: 0 }),
});
const maxListedJobs = 100;

type ImportRoutesContext = Pick<CrmContext, 'db'> & { readonly imports: ImportQueue };

export const importRoutes = ({ db, imports }: ImportRoutesContext): Routes =>
  withTag('Imports', {
    '/imports': {
      get: operation({
        summary: 'The latest imports, up to a hundred',
        responses: { 200: { description: 'The latest first.', schema: z.object({ items: z.array(importSchema) }) } },
        handle: async (_request, res) => res.json({ items: (await listJobs(db, maxListedJobs)).map(showImport) }),
      }),
      post: operation({
        summary: 'Import customers from a CSV file',
        description:
          'The file is stored and imported in the background, one file after the other. If too many files or bytes wait, it is ' +
          'refused before it is read, with Retry-After. The charset of Content-Type is the encoding of the file, for example ' +
          'text/csv; charset=windows-1250; without it, each row is UTF-8 or Windows-1252. A byte order mark wins over it. ' +
          'The body may be compressed, with Content-Encoding gzip, deflate or br.',
        query: startQuery,
        bodyTypes: csvTypes,
        responses: {
          202: {
            description: 'The import is queued.',
            schema: importSchema,
            headers: { Location: 'The path of the import, which shows its progress.' },
          },
        },
        errors: ['unusable-file', 'file-too-large', 'too-many-imports', 'upload-too-slow'],
        handle: async ({ query }, res, req) => {
          const { onConflict, column: columns } = query;
          const options = { onConflict, dryRun: query.dryRun === 'true', encoding: readCharset(req), columns };
          const upload = { chunks: readBody(req), fileName: query.fileName, expectedBytes: readContentLength(req) };
          const job = await imports.add(upload, options).catch((error: unknown) => {
            discardRest(req);
            throw req.destroyed && !req.complete ? uploadCutOff() : error;
          });
          res.status(202).location(`/imports/${job.importId}`).json(showImport(job));
        },
      }),
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
            headers: { 'Rows-Not-Listed': 'How many refused rows are not in the file; 0 if it is complete.' },
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

/** text/csv, and the types that browsers and scripts send for a CSV file. The file itself shows whether it is CSV. */
const csvTypes = [
  'text/csv',
  'text/plain',
  'text/tab-separated-values',
  'text/comma-separated-values',
  'application/csv',
  'application/vnd.ms-excel',
  'application/octet-stream',
];

/** @returns the declared encoding of the file @throws DomainError unsupported-media-type */
const readCharset = (req: Request) => {
  const charset = new MIMEType(req.get('Content-Type') ?? 'text/csv').params.get('charset');
  if (charset === null) return undefined;
  const encoding = findEncoding(charset);
  if (encoding) return encoding;
  throw new DomainError('unsupported-media-type', `The charset ${charset.slice(0, 50)} is not supported.`, {
    remedy: `declare the encoding of the file as one of ${encodingNames.join(', ')}, or save it as UTF-8`,
  });
};

const discardForMs = 5_000;

/**
 * Discards the rest of a refused upload. A client whose connection is closed while it sends may never read the response, so
 * the connection is closed only if the client still sends after `discardForMs`.
 */
const discardRest = (req: Request) => {
  const timer = setTimeout(() => req.destroy(), discardForMs).unref();
  req.once('close', () => clearTimeout(timer)).resume();
};

/** @returns the size of the file in bytes; undefined if it is unknown, because the body is compressed or has no Content-Length */
const readContentLength = (req: Request) => {
  const length = req.get('Content-Encoding') ? undefined : req.get('Content-Length');
  return length === undefined ? undefined : Number(length);
};

const uploadCutOff = () => new DomainError('malformed-request', 'The upload was cut off before the end of the file.');
