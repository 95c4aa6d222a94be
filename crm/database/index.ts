/** The CRM's database: how it is opened and migrated, its tables, and the differences between SQLite and MySQL. */
export { notNextVersion } from './append-only.ts';
export { checkDatabase } from './check-database.ts';
export { type CrmDatabaseUrl, databaseUrlForm, isDatabaseUrl, showDatabaseUrl, sqliteFileOf } from './database-url.ts';
export { purgeDeletedBytes } from './dialect.ts';
export { foldText } from './fold-text.ts';
export { migrations } from './migrations.ts';
export { connectCrmDatabase, listPendingMigrations, openCrmDatabase } from './open-database.ts';
export type {
  ConnectionTable,
  CrmDatabase,
  CustomerTable,
  ErasureJobTable,
  ImportedRowTable,
  ImportJobTable,
  MandateChangeTable,
  OrderEventTable,
  OutboxTable,
  RelayLeaseTable,
  StoredAnswerTable,
} from './schema.ts';
export { transact } from './transact.ts';
