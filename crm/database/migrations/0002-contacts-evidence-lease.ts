import { type Kysely, sql } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

export const contactsEvidenceLease = {
  up: async (db: Kysely<never>) => {
    await addColumnOnce(db, 'customer', 'email', 'varchar(254)');
    await addColumnOnce(db, 'customer', 'phone', 'varchar(32)');
    await addColumnOnce(db, 'customer', 'createdAt', 'bigint', (column) => column.notNull().defaultTo(0));
    await addColumnOnce(db, 'customer', 'updatedAt', 'bigint', (column) => column.notNull().defaultTo(0));
    await addColumnOnce(db, 'customer', 'version', 'integer', (column) => column.notNull().defaultTo(1));
    await db.schema
      .createTable('mandateChange')
      .ifNotExists()
      .addColumn('connectionId', 'varchar(64)', (column) => column.notNull())
      .addColumn('revision', 'bigint', (column) => column.notNull())
      .addColumn('customerId', 'integer', (column) => column.notNull())
      .addColumn('connectionMandate', 'varchar(1)', (column) => column.notNull())
      .addColumn('changedAt', 'bigint', (column) => column.notNull())
      .addColumn('changedBy', 'varchar(100)')
      .addColumn('channel', 'varchar(100)')
      .addColumn('reference', 'varchar(255)')
      .addPrimaryKeyConstraint('mandateChange_key', ['connectionId', 'revision'])
      .execute();
    await db.schema
      .createTable('relayLease')
      .ifNotExists()
      .addColumn('name', 'varchar(64)', (column) => column.primaryKey())
      .addColumn('holder', 'varchar(64)', (column) => column.notNull())
      .addColumn('expiresAt', 'bigint', (column) => column.notNull())
      .execute();
    await fillFromRevisions(db);
  },
};

/** The revision of a mandate is a clock in ms, so it shows when an existing customer was last changed. */
const fillFromRevisions = async (db: Kysely<never>) => {
  const revision = sql`(select revision from connection where connection.connectionId = customer.connectionId)`;
  await sql`update customer set createdAt = ${revision}, updatedAt = ${revision} where createdAt = 0`.execute(db);
  await sql`insert into mandateChange (connectionId, revision, customerId, connectionMandate, changedAt)
    select customer.connectionId, revision, customerId, connectionMandate, revision
    from customer join connection on connection.connectionId = customer.connectionId
    where not exists (select 1 from mandateChange as known where known.connectionId = customer.connectionId)`.execute(
    db,
  );
};
