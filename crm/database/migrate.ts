import { type Kysely, Migrator } from 'kysely';
import { ConfigError } from '../../lib/config-error.ts';
import { migratingAlone } from './dialect.ts';
import { migrations } from './migrations.ts';

/** Brings the schema up to date. @returns the names of the migrations that were missing, in their order */
export const migrate = (db: Kysely<never>): Promise<string[]> =>
  migratingAlone(db, async (alone) => {
    const { results = [], error } = await migratorOf(alone).migrateToLatest();
    if (error) throw explained(error);
    return results.map(({ migrationName }) => migrationName);
  });

/** What `migrate` would do. */
export const pendingMigrations = async (db: Kysely<never>): Promise<string[]> => {
  const all = await migratorOf(db).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
};

const migratorOf = (db: Kysely<never>) => new Migrator({ db, provider: { getMigrations: async () => migrations } });

const explained = (error: unknown) =>
  error instanceof Error && /previously executed migration .* is missing/.test(error.message)
    ? new ConfigError(`The database belongs to a newer release: ${error.message}. Run that release, or later.`)
    : error;
