import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Info, parse } from 'csv-parse';
import type { Kysely, Transaction } from 'kysely';
import { z } from 'zod';
import { DomainError, type FieldError } from '../../lib/domain-error.ts';
import { validate } from '../../lib/validate.ts';
import type { CrmDatabase } from '../database/schema.ts';
import type { ChangeOrigin } from './announce-mandates.ts';
import { type CustomerChanges, insertCustomer, inTransaction } from './change-customer.ts';
import { type CustomerData, customerDataSchema, customerFieldNames, customerIdSchema } from './customer.ts';
import { findHolder, lookUpCustomer, revisionOf } from './find-customers.ts';

const rowsPerTransaction = 500;

const optionalColumns: (keyof CustomerData)[] = ['email', 'phone'];
const requiredColumns = customerFieldNames.filter((field) => !optionalColumns.includes(field));
const rowSchema = z.object({ ...customerDataSchema.shape, customerId: customerIdSchema.optional() });
/** `columns`: those of the file. */
type Row = { line: number; columns: string[]; row: z.infer<typeof rowSchema> };
const imported: ChangeOrigin = { evidence: { changedBy: null, channel: 'csv-import', reference: null } };

/**
 * `line` counts from 1, the header. What is there already is left alone: `unchanged` where it is the same, `differing`
 * (with the fields) where it is not. `importedBefore`: these very bytes were, so nothing was looked at.
 */
export type ImportReport = {
  importedBefore: boolean;
  created: number;
  unchanged: number;
  differing: { line: number; fields: string[] }[];
  refused: { line: number; errors: readonly FieldError[] }[];
};

/**
 * Imports the customers of a CSV file with a header line, once: a file whose very bytes were imported before is left
 * alone. Rows without an id come last, so that they cannot take the id of a row behind them. One bad row stops no other.
 * @throws DomainError unusable-file when it cannot be read or a column is missing
 */
export const importCustomers = async (changes: CustomerChanges, file: string): Promise<ImportReport> => {
  const report: ImportReport = { importedBefore: false, created: 0, unchanged: 0, differing: [], refused: [] };
  const digest = await digestOf(file);
  if (await isImported(changes.db, digest)) return { ...report, importedBefore: true };

  for (const wanted of ['with id', 'without id']) {
    let pending: Row[] = [];
    for await (const row of validRows(file, wanted === 'with id' ? report : undefined)) {
      if ((row.row.customerId === undefined) === (wanted === 'with id')) continue;
      pending.push(row);
      if (pending.length < rowsPerTransaction) continue;
      await importRows(changes, pending, report);
      pending = [];
    }
    await importRows(changes, pending, report);
  }
  await inTransaction(changes, async (trx) => {
    if (await isImported(trx, digest)) return; // by another process, meanwhile
    await trx.insertInto('importedFile').values({ digest, importedAt: changes.now() }).execute();
  });
  return report;
};

const isImported = async (db: Kysely<CrmDatabase>, digest: string): Promise<boolean> =>
  (await db.selectFrom('importedFile').select('digest').where('digest', '=', digest).executeTakeFirst()) !== undefined;

type Outcomes = Pick<ImportReport, 'created' | 'unchanged' | 'differing' | 'refused'>;

const importRows = async (changes: CustomerChanges, rows: readonly Row[], report: ImportReport) => {
  const { created, unchanged, differing, refused } = await inTransaction(changes, async (trx) => {
    const outcomes: Outcomes = { created: 0, unchanged: 0, differing: [], refused: [] };
    for (const { line, columns, row } of rows) {
      try {
        const fields = await differences(trx, row, columns);
        if (fields === undefined) {
          await insertCustomer(trx, row, { ...changes, ...imported });
          outcomes.created++;
        } else if (fields.length === 0) outcomes.unchanged++;
        else outcomes.differing.push({ line, fields });
      } catch (error) {
        refuse(outcomes, line, error);
      }
    }
    return outcomes;
  });
  report.created += created;
  report.unchanged += unchanged;
  report.differing.push(...differing);
  report.refused.push(...refused);
};

/**
 * The fields in which the customer that is there differs; undefined where none is. A row without an id is known by its
 * connection: one that the customer has given up since was revoked, and a row that says so again must not grant it.
 */
const differences = async (
  trx: Transaction<CrmDatabase>,
  row: Row['row'],
  columns: readonly string[],
): Promise<string[] | undefined> => {
  const { customerId, connectionId } = row;
  const there = await (customerId === undefined ? findHolder(trx, connectionId) : lookUpCustomer(trx, customerId));
  if (there) return customerFieldNames.filter((field) => columns.includes(field) && there[field] !== row[field]);
  return customerId === undefined && (await revisionOf(trx, connectionId)) !== undefined ? ['connectionId'] : undefined;
};

async function* validRows(file: string, report: ImportReport | undefined): AsyncGenerator<Row> {
  const options = {
    columns: knownColumns,
    bom: true,
    trim: true,
    skip_empty_lines: true,
    relax_column_count: true,
  } as const;
  const parser = parse({ ...options, relax_quotes: true, info: true });
  const reading = pipeline(createReadStream(file), parser).catch((error: Error) => {
    throw error instanceof DomainError ? error : new DomainError('unusable-file', `${file}: ${error.message}`);
  });
  reading.catch(() => undefined); // told below, once the rows before it are read
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: Info }>) {
      try {
        const filled = Object.fromEntries(
          Object.entries(record).filter(([column, text]) => text || !mayBeEmpty(column)),
        );
        yield { line: info.lines, columns: Object.keys(record), row: validate(rowSchema, filled, 'invalid-row') };
      } catch (error) {
        if (report) refuse(report, info.lines, error);
      }
    }
  } finally {
    await reading;
  }
}

const mayBeEmpty = (column: string) => column === 'customerId' || (optionalColumns as string[]).includes(column);

const knownColumns = (header: string[]) => {
  const missing = requiredColumns.filter((column) => !header.includes(column));
  if (missing.length > 0) throw new DomainError('unusable-file', `The header lacks ${missing.join(', ')}.`);
  return header;
};

const refuse = (report: Pick<ImportReport, 'refused'>, line: number, error: unknown) => {
  if (!(error instanceof DomainError)) throw error;
  report.refused.push({ line, errors: error.errors ?? [] });
};

const digestOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  try {
    let bytes = 0;
    for await (const chunk of createReadStream(file)) {
      hash.update(chunk);
      bytes += chunk.length;
    }
    if (bytes === 0) throw new Error('it is empty');
  } catch (error) {
    throw new DomainError('unusable-file', `${file} cannot be read: ${(error as Error).message}`);
  }
  return hash.digest('hex');
};
