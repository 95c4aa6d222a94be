/** The database of the CRM: how it is opened, its tables, and what SQLite and MySQL do differently. */
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
  OutboxTable,
  RelayLeaseTable,
  StoredAnswerTable,
} from './schema.ts';
export { transact } from './transact.ts';
