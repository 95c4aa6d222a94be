import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Kysely } from 'kysely';
import type { CrmDatabase } from '../../crm/database/index.ts';
import { createJob } from '../../crm/imports/index.ts';
import { fillDatabase } from '../lists/fill.ts';

const rowsPerInsert = 1_000;
export const reportId = 'report-of-the-bench';

/** Fills the database with customers and with the worst report: all rows of an import were refused and concern one customer. */
export const prepareDatabase = async (
  db: Kysely<CrmDatabase>,
  { customers, refused, personId }: { customers: number; refused: number; personId: number },
): Promise<void> => {
  await fillDatabase(db, customers, 1, () => {});
  const person = { firstName: 'Eva', lastName: 'Vos', nameKey: 'vos eva', email: 'eva.vos@example.org' };
  await db.updateTable('customer').set(person).where('customerId', '=', personId).execute();
  const columns = [
    'customerId',
    'firstName',
    'lastName',
    'city',
    'connectionId',
    'connectionMandate',
    'email',
    'phone',
  ];
  const about = { importId: reportId, fileName: 'refused.csv', digest: 'none', bytes: 1, lines: refused + 1 };
  await createJob(db, { ...about, columns, createdAt: Date.now() }, { dryRun: false, onConflict: 'skip' });
  await db.updateTable('importJob').set({ state: 'finished', refused, finishedAt: Date.now() }).execute();
  const problem = { column: 'connectionId', value: '8.7E+17', reason: 'digits' };
  for (let line = 2; line < refused + 2; line += rowsPerInsert)
    await db
      .insertInto('importedRow')
      .values(Array.from({ length: Math.min(rowsPerInsert, refused + 2 - line) }, (_, n) => refusedRow(line + n)))
      .execute();

  function refusedRow(line: number) {
    const cells = ['', 'Eva', 'Vos', `City ${line}`, '8.7E+17', '1', person.email, ''];
    const text = cells.join(' ').toLowerCase();
    return {
      importId: reportId,
      line,
      outcome: 'refused' as const,
      customerId: null,
      connectionId: '8.7E+17',
      problems: JSON.stringify([problem]),
      cells: JSON.stringify(cells),
      textKey: text,
    };
  }
};

/** Writes a file of customers that the database does not have. */
export const writeNewCustomers = async (file: string, rows: number): Promise<void> => {
  const out = createWriteStream(file);
  out.write('firstName,lastName,city,connectionId,connectionMandate\n');
  for (let n = 0; n < rows; n++)
    out.write(`First ${n},Last ${n % 977},City ${n % 350},${872_000_000_000_000_000n + BigInt(n)},1\n`);
  out.end();
  await finished(out);
};
