import { existsSync } from 'node:fs';
import { Kysely } from 'kysely';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { sqliteDialect } from '../../packages/database/sqlite-dialect.ts';
import { explainOpenFailure, inMemory } from '../../packages/database/sqlite-file.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { type CrmDatabaseUrl, mysqlAddress, showDatabaseUrl, sqliteFileOf } from './database-url.ts';
import { mysqlDialect } from './dialect.ts';
import { migrate, type OnMigration, pendingMigrations } from './migrate.ts';
import type { CrmDatabase } from './schema.ts';

const answerWithinMs = 30_000;

/**
 * Opens the CRM's database and brings its schema up to date.
 * @throws ConfigError when it cannot be reached now; later it may come and go
 */
export const openCrmDatabase = async (url: CrmDatabaseUrl, onMigration?: OnMigration): Promise<Kysely<CrmDatabase>> => {
  const db = connectCrmDatabase(url, answerWithinMs);
  try {
    // A migration may take its time, and so may waiting for another process to finish it.
    const migrating = url.startsWith('mysql:') ? connectCrmDatabase(url) : db;
    await migrate(migrating.withTables<never>(), onMigration).finally(() => migrating !== db && migrating.destroy());
    return db;
  } catch (error) {
    await db.destroy();
    throw explainUnreachable(url, error);
  }
};

/** The migrations that are missing; changes nothing, and makes no file. */
export const lookUpPendingMigrations = async (url: CrmDatabaseUrl): Promise<string[]> => {
  const file = sqliteFileOf(url);
  const absent = file !== undefined && !existsSync(file);
  const db = connectCrmDatabase(absent ? 'memory' : url);
  try {
    return await pendingMigrations(db.withTables<never>());
  } catch (error) {
    throw explainUnreachable(url, error);
  } finally {
    await db.destroy();
  }
};

/** Without a look at its schema. */
export const connectCrmDatabase = (url: CrmDatabaseUrl, answerWithinMs?: number): Kysely<CrmDatabase> => {
  const address = mysqlAddress(url);
  const file = sqliteFileOf(url) ?? inMemory;
  const dialect = address ? mysqlDialect(address, answerWithinMs) : sqliteDialect(file);
  return new Kysely<CrmDatabase>({ dialect });
};

const explainUnreachable = (url: CrmDatabaseUrl, error: unknown): unknown => {
  if (error instanceof ConfigError) return new ConfigError(`${showDatabaseUrl(url)}: ${error.message}`);
  if (!(error instanceof TransientDatabaseError)) return error;
  const cause = error.cause as Error;
  const file = sqliteFileOf(url);
  if (file !== undefined) return explainOpenFailure(file, cause);
  const reason = cause.message;
  return new ConfigError(`CRM_DATABASE_URL: ${showDatabaseUrl(url)} cannot be used: ${reason}. Is it running?`);
};
