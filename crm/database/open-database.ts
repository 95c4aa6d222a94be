import { existsSync } from 'node:fs';
import { Kysely } from 'kysely';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { createSqliteDialect } from '../../packages/database/sqlite-dialect.ts';
import { inMemory, mapOpenError } from '../../packages/database/sqlite-file.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { type CrmDatabaseUrl, parseMysqlAddress, showDatabaseUrl, sqliteFileOf } from './database-url.ts';
import { createMysqlDialect } from './dialect.ts';
import { migrate, type OnMigration, readPendingMigrations } from './migrate.ts';
import type { CrmDatabase } from './schema.ts';

const statementTimeoutMs = 30_000;

/**
 * Opens the CRM's database and runs the pending migrations.
 * @throws ConfigError when the database cannot be reached now. An outage later is a TransientDatabaseError of each query.
 */
export const openCrmDatabase = async (url: CrmDatabaseUrl, onMigration?: OnMigration): Promise<Kysely<CrmDatabase>> => {
  const db = connectCrmDatabase(url, statementTimeoutMs);
  try {
    // Migrations have no query timeout: a migration, or the wait for another process that migrates, may take long.
    const migrationDb = url.startsWith('mysql:') ? connectCrmDatabase(url) : db;
    try {
      await migrate(migrationDb.withTables<never>(), onMigration);
    } finally {
      if (migrationDb !== db) await migrationDb.destroy();
    }
    return db;
  } catch (error) {
    await db.destroy();
    throw explainUnreachable(url, error);
  }
};

/** Lists the pending migrations. It changes nothing and creates no file. @throws ConfigError as `openCrmDatabase` */
export const listPendingMigrations = async (url: CrmDatabaseUrl): Promise<string[]> => {
  const file = sqliteFileOf(url);
  const isMissing = file !== undefined && !existsSync(file);
  const db = connectCrmDatabase(isMissing ? 'memory' : url);
  try {
    return await readPendingMigrations(db.withTables<never>());
  } catch (error) {
    throw explainUnreachable(url, error);
  } finally {
    await db.destroy();
  }
};

/** Connects without running migrations. `statementTimeoutMs` is the query timeout on MySQL; without it there is none. */
export const connectCrmDatabase = (url: CrmDatabaseUrl, statementTimeoutMs?: number): Kysely<CrmDatabase> => {
  const address = parseMysqlAddress(url);
  const file = sqliteFileOf(url) ?? inMemory;
  const dialect = address ? createMysqlDialect(address, statementTimeoutMs) : createSqliteDialect(file);
  return new Kysely<CrmDatabase>({ dialect });
};

const explainUnreachable = (url: CrmDatabaseUrl, error: unknown): unknown => {
  if (error instanceof ConfigError) return new ConfigError(`${showDatabaseUrl(url)}: ${error.message}`);
  if (!(error instanceof TransientDatabaseError)) return error;
  const cause = error.cause as Error;
  const file = sqliteFileOf(url);
  if (file !== undefined) return mapOpenError(file, cause);
  const reason = cause.message;
  return new ConfigError(`CRM_DATABASE_URL: ${showDatabaseUrl(url)} cannot be used: ${reason}. Is it running?`);
};
