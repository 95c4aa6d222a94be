/** The CRM's database: how it is opened and migrated, its tables, and the differences between SQLite and MySQL. */

export { executeTogether } from '../../packages/database/execute-together.ts';
export { foldText } from '../../packages/database/fold-text.ts';
export { notNextVersion } from './append-only.ts';
export { checkDatabase } from './check-database.ts';
export { insertRows } from './insert-rows.ts';
export { migrations } from './migrations.ts';
export { connectCrmDatabase, listPendingMigrations, openCrmDatabase } from './open-database.ts';
export type {
  CrmDatabase,
  CustomerTable,
  ErasureJobTable,
  FormerCustomerTable,
  ImportedRowTable,
  ImportJobTable,
  MandateChangeTable,
  OrderEventTable,
  OutboxTable,
  RelayLeaseTable,
  StoredAnswerTable,
} from './schema.ts';
export { transact } from './transact.ts';
