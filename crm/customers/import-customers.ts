import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Info, parse } from 'csv-parse';
import type { Transaction } from 'kysely';
import { z } from 'zod';
import { DomainError, type FieldError } from '../../lib/domain-error.ts';
import { validate } from '../../lib/validate.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { type CustomerChanges, insertCustomer, inTransaction } from './change-customer.ts';
import { customerDataSchema, customerIdSchema } from './customer.ts';
import { findCustomer, findHolder } from './find-customers.ts';

const rowsPerTransaction = 500;

const rowSchema = z.object({ ...customerDataSchema.shape, customerId: customerIdSchema.optional() });
type Row = z.infer<typeof rowSchema>;

/** `line` counts from 1, the header; `unchanged` rows were there already and are left alone. */
export type ImportReport = {
  created: number;
  unchanged: number;
  refused: { line: number; errors: readonly FieldError[] }[];
};

/**
 * Imports the customers of a CSV file with a header line, once: a file whose very bytes were imported before is left
 * alone. Rows without an id come last, so that they cannot take the id of a row behind them. One bad row stops no other.
 * @throws DomainError unusable-file when it cannot be read or a column is missing
 */
export const importCustomers = async (changes: CustomerChanges, file: string): Promise<ImportReport> => {
  const report: ImportReport = { created: 0, unchanged: 0, refused: [] };
  const digest = await digestOf(file);
  const { db } = changes;
  if (await db.selectFrom('importedFile').select('digest').where('digest', '=', digest).executeTakeFirst())
    return report;

  for (const wanted of ['with id', 'without id']) {
    let pending: { line: number; row: Row }[] = [];
    for await (const { line, row } of validRows(file, wanted === 'with id' ? report : undefined)) {
      if ((row.customerId === undefined) === (wanted === 'with id')) continue;
      pending.push({ line, row });
      if (pending.length < rowsPerTransaction) continue;
      await importRows(changes, pending, report);
      pending = [];
    }
    await importRows(changes, pending, report);
  }
  await db.insertInto('importedFile').values({ digest, importedAt: changes.now() }).execute();
  return report;
};

const importRows = (changes: CustomerChanges, rows: readonly { line: number; row: Row }[], report: ImportReport) =>
  inTransaction(changes, async (trx) => {
    for (const { line, row } of rows) {
      try {
        if (await isThere(trx, row)) report.unchanged++;
        else {
          await insertCustomer(trx, row, changes);
          report.created++;
        }
      } catch (error) {
        refuse(report, line, error);
      }
    }
  });

/** A row without an id is known by its connection. */
const isThere = async (trx: Transaction<CrmDatabase>, { customerId, connectionId }: Row): Promise<boolean> => {
  if (customerId === undefined) return (await findHolder(trx, connectionId)) !== undefined;
  return findCustomer(trx, customerId).then(
    () => true,
    () => false,
  );
};

async function* validRows(file: string, report: ImportReport | undefined) {
  const parser = createReadStream(file).pipe(
    parse({
      columns: knownColumns,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
    }),
  );
  for await (const { record, info } of parser as AsyncIterable<{ record: Record<string, string>; info: Info }>) {
    try {
      const { customerId, ...data } = record;
      yield { line: info.lines, row: validate(rowSchema, customerId ? record : data, 'invalid-row') };
    } catch (error) {
      if (report) refuse(report, info.lines, error);
    }
  }
}

const knownColumns = (header: string[]) => {
  const missing = Object.keys(customerDataSchema.shape).filter((column) => !header.includes(column));
  if (missing.length > 0) throw new DomainError('unusable-file', `The header lacks ${missing.join(', ')}.`);
  return header;
};

const refuse = (report: ImportReport, line: number, error: unknown) => {
  if (!(error instanceof DomainError)) throw error;
  report.refused.push({ line, errors: error.errors ?? [] });
};

const digestOf = async (file: string): Promise<string> => {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  } catch (error) {
    throw new DomainError('unusable-file', `${file} cannot be read: ${(error as Error).message}`);
  }
  return hash.digest('hex');
};
