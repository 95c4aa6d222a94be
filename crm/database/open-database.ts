import { existsSync } from 'node:fs';
import type { Kysely } from 'kysely';
import { type DatabaseUrl, sqliteFileOf } from '../../packages/database/database-url.ts';
import { migrate, type OnMigration, readPendingMigrations } from '../../packages/database/migrate.ts';
import { connectDatabase, explainUnreachable, openDatabase } from '../../packages/database/open-database.ts';
import { migrations } from './migrations.ts';
import type { CrmDatabase } from './schema.ts';

const addressOf = (url: DatabaseUrl) => ({ url, variable: 'CRM_DATABASE_URL' });

/**
 * Opens the CRM's database and runs the pending migrations.
 * @throws ConfigError when the database cannot be reached now. An outage later is a TransientDatabaseError of each query.
 */
export const openCrmDatabase = (url: DatabaseUrl, onMigration?: OnMigration): Promise<Kysely<CrmDatabase>> =>
  openDatabase(addressOf(url), (db) => migrate(db, migrations, onMigration));

/** Lists the pending migrations. It changes nothing and creates no file. @throws ConfigError as `openCrmDatabase` */
export const listPendingMigrations = async (url: DatabaseUrl): Promise<string[]> => {
  const file = sqliteFileOf(url);
  const isMissing = file !== undefined && !existsSync(file);
  const db = connectCrmDatabase(isMissing ? 'memory' : url);
  try {
    return await readPendingMigrations(db.withTables<never>(), migrations);
  } catch (error) {
    throw explainUnreachable(addressOf(url), error);
  } finally {
    await db.destroy();
  }
};

/** Connects without running migrations. `statementTimeoutMs` is the query timeout on MySQL; without it there is none. */
export const connectCrmDatabase = (url: DatabaseUrl, statementTimeoutMs?: number): Kysely<CrmDatabase> =>
  connectDatabase(addressOf(url), statementTimeoutMs);
