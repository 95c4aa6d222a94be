import type { Insertable, Transaction } from 'kysely';
import type { CrmDatabase } from './schema.ts';

/** Answers whether the row is new; where another transaction is about to write the same key, waits for its end. */
export const insertIfAbsent = async <T extends keyof CrmDatabase>(
  trx: Transaction<CrmDatabase>,
  table: T,
  row: Insertable<CrmDatabase[T]>,
): Promise<boolean> => {
  const { numInsertedOrUpdatedRows } = await trx
    .insertInto(table)
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return numInsertedOrUpdatedRows === 1n;
};
