import { z } from 'zod';
import { shortenText } from '../../../packages/runtime/shorten-text.ts';
import type { Problem } from '../check/check-row.ts';
import { describeColumns, restoreHeader } from '../check/header.ts';
import { fields } from '../column-names.ts';
import { conflictPolicies, type ImportedRow, type ImportJob } from '../import-job.ts';

const count = (description: string) => z.int().min(0).meta({ description });
const time = z.iso.datetime();

const exampleImport = {
  importId: '6d1e7a52-0c3b-4f7e-8a55-2b7f6f3a11c0',
  fileName: 'registrations.csv',
  digest: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  dryRun: true,
  onConflict: 'skip',
  columns: [{ column: 'customerId', field: 'customerId' }],
  state: 'finished',
  failure: null,
  progress: { bytes: 241, bytesDone: 241, rows: 5 },
  created: 1,
  updated: 0,
  unchanged: 0,
  skipped: 1,
  refused: 3,
  listed: { refused: 3, skipped: 1 },
  notes: [],
  rows: '/imports/6d1e7a52-0c3b-4f7e-8a55-2b7f6f3a11c0/rows',
  refusedRows: '/imports/6d1e7a52-0c3b-4f7e-8a55-2b7f6f3a11c0/refused.csv',
  createdAt: '2026-11-26T12:00:00.123Z',
  startedAt: '2026-11-26T12:00:00.200Z',
  finishedAt: '2026-11-26T12:00:00.400Z',
};

export const importSchema = z
  .object({
    importId: z.string(),
    fileName: z.string(),
    digest: z.string().meta({ description: 'SHA-256 of the file, in hexadecimal digits.' }),
    dryRun: z.boolean(),
    onConflict: z.enum(conflictPolicies),
    state: z.enum(['waiting', 'running', 'finished', 'failed']),
    failure: z.string().nullable(),
    progress: z.object({
      bytes: count('Size of the file.'),
      bytesDone: count('Bytes imported so far.'),
      rows: count('Rows so far.'),
    }),
    created: count('New customers.'),
    updated: count('Customers that differed, with onConflict=update.'),
    unchanged: count('Rows that are equal to their customer.'),
    skipped: count('Rows that were skipped: their customer differs, gave the connection up, or was deleted.'),
    refused: count('Invalid rows, and conflicts with onConflict=fail.'),
    listed: z.object({ refused: count('Listed refused rows.'), skipped: count('Listed skipped rows.') }).meta({
      description:
        'How many refused and skipped rows the report lists. The others are only counted, and `notes` says so.',
    }),
    notes: z.array(z.string()).meta({ description: 'Notes about the file and the report.' }),
    rows: z.string().meta({ description: 'The path of the refused and skipped rows.' }),
    refusedRows: z.string().meta({ description: 'The path of the refused rows as a file to correct.' }),
    columns: z
      .array(z.object({ column: z.string(), field: z.enum(fields) }))
      .meta({ description: 'The columns that are imported, as the file names them, and their fields.' }),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
  })
  .meta({
    id: 'Import',
    description: 'An import of customers, with its progress and outcome.',
    examples: [exampleImport],
  });

export const showImport = (job: ImportJob): z.infer<typeof importSchema> => {
  const { importId, fileName, digest, dryRun, onConflict, state, failure } = job;
  const { bytes, bytesDone, created, updated, unchanged, skipped, refused } = job;
  const { mapped, ignored } = describeColumns(restoreHeader(job));
  const rows = created + updated + unchanged + skipped + refused;
  return {
    ...{ importId, fileName, digest, dryRun: dryRun === 1, onConflict, state, failure },
    progress: { bytes, bytesDone, rows },
    ...{ created, updated, unchanged, skipped, refused },
    listed: { refused: job.listedRefused, skipped: job.listedSkipped },
    notes: createNotes(job, ignored),
    rows: `/imports/${importId}/rows`,
    refusedRows: `/imports/${importId}/refused.csv`,
    columns: mapped,
    createdAt: isoTime(job.createdAt),
    startedAt: job.startedAt === null ? null : isoTime(job.startedAt),
    finishedAt: job.finishedAt === null ? null : isoTime(job.finishedAt),
  };
};

/** A spreadsheet silently cuts a file off at the maximum number of rows of its format. */
const spreadsheetLines = [65_536, 1_048_576];

const maxIgnoredNames = 20;

const createNotes = (job: ImportJob, ignored: readonly string[]): string[] => {
  const { recoded, lines } = job;
  const more = ignored.length > maxIgnoredNames ? ` and ${ignored.length - maxIgnoredNames} more` : '';
  const named = ignored.slice(0, maxIgnoredNames).map((name) => shortenText(name, 50));
  const rows = job.created + job.updated + job.unchanged + job.skipped + job.refused;
  return [
    ...noteUnlistedRows(job),
    ...(ignored.length > 0 ? [`Columns that were ignored: ${named.join(', ')}${more}.`] : []),
    ...noteRoundedConnections(job),
    ...(recoded > 0 ? [noteGuessedEncoding(recoded)] : []),
    ...(spreadsheetLines.includes(lines)
      ? [`The file has ${lines} lines, the maximum of a spreadsheet: rows may have been cut off.`]
      : []),
    ...(job.state === 'finished' && rows === 0 ? ['The file has no rows after its header.'] : []),
  ];
};

const noteGuessedEncoding = (rows: number): string => {
  const guessed = rows === 1 ? '1 row is not UTF-8 and was' : `${rows} rows are not UTF-8 and were`;
  return `${guessed} read as Windows-1252 (Latin-1). If letters with accents are wrong, declare the encoding: --encoding, or the charset of Content-Type.`;
};

const noteRoundedConnections = ({ rounded, roundedLines }: ImportJob): string[] => {
  if (rounded === 0) return [];
  const lines = (JSON.parse(roundedLines ?? '[]') as number[]).sort((a, b) => a - b);
  const named = `${lines.join(', ')}${rounded > lines.length ? ` and ${rounded - lines.length} more` : ''}`;
  return [
    `A spreadsheet may have rounded the connectionId in ${rounded === 1 ? 'line' : 'lines'} ${named}: after 15 digits it has only ` +
      'zeros. Several connections may have become one. Compare with the source, and load the column as text.',
  ];
};

const noteUnlistedRows = ({ refused, skipped, listedRefused, listedSkipped }: ImportJob): string[] =>
  [
    { what: 'refused', all: refused, listed: listedRefused },
    { what: 'skipped', all: skipped, listed: listedSkipped },
  ]
    .filter(({ all, listed }) => all > listed)
    .map(
      ({ what, all, listed }) =>
        `Of ${all} ${what} rows the report lists the first ${listed}; the others were only counted. ` +
        'Correct their common problem, or split the file: each part has its own report.',
    );

export const importedRowSchema = z
  .object({
    line: z.int().min(1).meta({ description: 'The line on which the row begins; the header is line 1.' }),
    outcome: z.enum(['refused', 'skipped']),
    problems: z.array(z.object({ column: z.string().nullable(), value: z.string(), reason: z.string() })),
  })
  .meta({
    id: 'ImportedRow',
    examples: [
      {
        line: 4,
        outcome: 'refused',
        problems: [{ column: 'connectionMandate', value: '3', reason: '0 (none), 1 (billing only) or 2 (real time)' }],
      },
    ],
  });

export const showImportedRow = ({
  line,
  outcome,
  problems,
}: Pick<ImportedRow, 'line' | 'outcome' | 'problems'>): z.infer<typeof importedRowSchema> => ({
  line,
  outcome,
  problems: JSON.parse(problems) as Problem[],
});

const isoTime = (ms: number) => new Date(ms).toISOString();
