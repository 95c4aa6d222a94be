import type { Kysely } from 'kysely';
import { foldText } from '../../../packages/database/fold-text.ts';
import { addColumnOnce, addIndexOnce } from '../../../packages/database/migrate-once.ts';
import type { CustomerTable } from '../schema.ts';

const rowsPerBatch = 1_000;

export const customerLists = {
  up: async (db: Kysely<never>) => {
    for (const key of ['nameKey', 'cityKey'])
      await addColumnOnce(db, 'customer', key, 'varchar(255)', (column) => column.notNull().defaultTo(''));
    await fillKeys(db as unknown as Kysely<{ customer: CustomerTable }>);
    // SQLite and InnoDB append the primary key to each index.
    await addIndexOnce(db, 'customer', ['connectionMandate', 'nameKey']);
    await addIndexOnce(db, 'customer', ['cityKey', 'connectionMandate', 'nameKey']);
    await addIndexOnce(db, 'customer', ['email']);
    await addIndexOnce(db, 'customer', ['updatedAt']);
  },
};

const fillKeys = async (db: Kysely<{ customer: CustomerTable }>) => {
  for (let after = 0; ; ) {
    const rows = await db
      .selectFrom('customer')
      .select(['customerId', 'firstName', 'lastName', 'city'])
      .where('customerId', '>', after)
      .orderBy('customerId')
      .limit(rowsPerBatch)
      .execute();
    for (const { customerId, firstName, lastName, city } of rows) {
      const keys = { nameKey: createKey(`${lastName} ${firstName}`), cityKey: createKey(city) };
      await db.updateTable('customer').set(keys).where('customerId', '=', customerId).execute();
      after = customerId;
    }
    if (rows.length < rowsPerBatch) return;
  }
};

const createKey = (text: string) => [...foldText(text)].slice(0, 200).join('').trimEnd();
