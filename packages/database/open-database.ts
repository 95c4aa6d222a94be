import { Kysely } from 'kysely';
import { ConfigError } from '../runtime/config-error.ts';
import { TransientDatabaseError } from './database-error.ts';
import { type DatabaseUrl, parseMysqlAddress, showDatabaseUrl, sqliteFileOf } from './database-url.ts';
import { createMysqlDialect } from './mysql/mysql-dialect.ts';
import { createSqliteDialect } from './sqlite-dialect.ts';
import { inMemory, mapOpenError } from './sqlite-file.ts';

const statementTimeoutMs = 30_000;

/** `variable` is the environment variable with the URL; error messages name it. */
export type DatabaseAddress = { readonly url: DatabaseUrl; readonly variable: string };

/**
 * Opens a database, and prepares its tables.
 * @param prepare runs on a connection without query timeout: a migration, or the wait for another process that migrates, may take long
 * @throws ConfigError when the database cannot be reached now. An outage later is a TransientDatabaseError of each query.
 */
export const openDatabase = async <DB>(
  address: DatabaseAddress,
  prepare: (db: Kysely<never>) => Promise<void>,
): Promise<Kysely<DB>> => {
  const db = connectDatabase<DB>(address, statementTimeoutMs);
  try {
    const preparing = address.url.startsWith('mysql:') ? connectDatabase<DB>(address) : db;
    try {
      await prepare(preparing.withTables<never>());
    } finally {
      if (preparing !== db) await preparing.destroy();
    }
    return db;
  } catch (error) {
    await db.destroy();
    throw explainUnreachable(address, error);
  }
};

/** Connects without preparing tables. `statementTimeoutMs` is the query timeout on MySQL; without it there is none. */
export const connectDatabase = <DB>({ url, variable }: DatabaseAddress, statementTimeoutMs?: number): Kysely<DB> => {
  const mysql = parseMysqlAddress(url);
  const dialect = mysql
    ? createMysqlDialect(mysql, statementTimeoutMs)
    : createSqliteDialect(sqliteFileOf(url) ?? inMemory, locationVariables(variable));
  return new Kysely<DB>({ dialect });
};

/** Turns an error on opening a database into one that names the database and the variable. */
export const explainUnreachable = ({ url, variable }: DatabaseAddress, error: unknown): unknown => {
  if (error instanceof ConfigError) return new ConfigError(`${showDatabaseUrl(url)}: ${error.message}`);
  if (!(error instanceof TransientDatabaseError)) return error;
  const cause = error.cause as Error;
  const file = sqliteFileOf(url);
  if (file !== undefined) return mapOpenError(file, cause, locationVariables(variable));
  return new ConfigError(`${variable}: ${showDatabaseUrl(url)} cannot be used: ${cause.message}. Is it running?`);
};

const locationVariables = (variable: string) => `DATA_DIR and ${variable}`;
