import { MIMEType } from 'node:util';
import type { Request } from 'express';
import { z } from 'zod';
import { encodingNames, findEncoding } from '../../packages/csv/encoding.ts';
import { readBody } from '../../packages/http/content-encoding.ts';
import { type Operation, operation } from '../../packages/http/operation.ts';
import { DomainError } from '../../packages/runtime/domain-error.ts';
import { columnChoices } from './column-names.ts';
import { fileNameSchema } from './file-name.ts';
import { conflictPolicies } from './import-job.ts';
import type { ImportQueue } from './jobs/import-queue.ts';
import { importSchema, showImport } from './report/show-import.ts';

const startQuery = z.strictObject({
  onConflict: z
    .enum(conflictPolicies, `one of ${conflictPolicies.join(', ')}`)
    .default('skip')
    .meta({ description: 'What happens to a row whose customer exists and differs.', examples: ['skip'] }),
  dryRun: z
    .enum(['true', 'false'], 'true or false')
    .default('false')
    .meta({ description: 'With true, all rows are validated and nothing is changed.', examples: ['true'] }),
  fileName: fileNameSchema
    .default('upload.csv')
    .meta({ description: 'The name of the file in the evidence of consent.', examples: ['upload.csv'] }),
  column: columnChoices.optional().meta({
    description:
      'COLUMN=FIELD: the field that a column contains, such as klantnummer=customerId. Repeat it for several columns. A column with the ' +
      'name of a field, or with a usual Dutch, German or English name, needs no such parameter.',
    examples: [['klantnummer=customerId']],
  }),
});

const exampleFile =
  'customerId,firstName,lastName,city,connectionId,connectionMandate\n,Molly,Peterson,Zeewolde,928,0\n';

/** `POST /imports` */
export const startOperation = (imports: ImportQueue): Operation =>
  operation({
    summary: 'Import customers from a CSV file',
    description:
      'The file is stored and imported in the background, one file after the other. If too many files or bytes wait, it is ' +
      'refused before it is read, with Retry-After. The charset of Content-Type is the encoding of the file, for example ' +
      'text/csv; charset=windows-1250; without it, each row is UTF-8 or Windows-1252. A byte order mark wins over it. ' +
      'The body may be compressed, with Content-Encoding gzip, deflate or br.',
    query: startQuery,
    bodyTypes: csvTypes,
    bodyExample: exampleFile,
    responses: {
      202: {
        description: 'The import is queued.',
        schema: importSchema,
        headers: {
          Location: {
            description: 'The path of the import, which shows its progress.',
            example: '/imports/6d1e7a52-0c3b-4f7e-8a55-2b7f6f3a11c0',
          },
        },
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
  });

/** text/csv, and the types that browsers and scripts send for a CSV file. The file itself shows whether it is CSV. */
const csvTypes = [
  'text/csv',
  'text/plain',
  'text/tab-separated-values',
  'text/comma-separated-values',
  'application/csv',
  'text/x-csv',
  'application/x-csv',
  'application/vnd.ms-excel',
  'application/octet-stream',
];

/** @returns the declared encoding of the file @throws DomainError unsupported-media-type */
const readCharset = (req: Request) => {
  // Clients may send blanks around the equals sign, which the standard does not know.
  const type = (req.get('Content-Type') ?? 'text/csv').replaceAll(/\s*=\s*/g, '=');
  const charset = new MIMEType(type).params.get('charset') ?? /;\s*(charset\b[^;]*)/i.exec(type)?.[1];
  if (charset === undefined) return undefined;
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
