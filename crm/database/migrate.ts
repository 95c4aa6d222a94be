import { DEFAULT_MIGRATION_TABLE, type Kysely, type Migration, Migrator, sql } from 'kysely';
import { ConfigError } from '../../packages/runtime/config-error.ts';
import { migratingAlone } from './dialect.ts';
import { migrations } from './migrations.ts';

/** Called with the name of each migration before it runs. */
export type OnMigration = (migration: string) => void;

/** Brings the schema up to date, by the migrations that are missing, in their order. */
export const migrate = (db: Kysely<never>, onMigration: OnMigration = () => {}): Promise<void> =>
  migratingAlone(db, async (alone) => {
    const { error } = await migratorOf(alone, onMigration).migrateToLatest();
    if (error) throw explained(error);
  });

/** What `migrate` would do. */
export const pendingMigrations = async (db: Kysely<never>): Promise<string[]> => {
  await refuseNewer(db);
  const all = await migratorOf(db).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
};

const migratorOf = (db: Kysely<never>, onMigration: OnMigration = () => {}) => {
  const reported = ([name, { up }]: [string, Migration]) =>
    [name, { up: (on: Kysely<never>) => Promise.resolve(onMigration(name)).then(() => up(on)) }] as const;
  const all = Object.fromEntries(Object.entries(migrations).map(reported));
  return new Migrator({ db, provider: { getMigrations: async () => all } });
};

/** The migrations that the database has, in their order; also those that only a newer release knows. */
const appliedMigrations = async (db: Kysely<never>): Promise<string[]> => {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db);
  return rows.map(({ name }) => name);
};

const refuseNewer = async (db: Kysely<never>) => {
  const unknown = (await appliedMigrations(db)).find((name) => !(name in migrations));
  if (unknown) throw newer(`this one does not know its migration ${unknown}`);
};

const newer = (why: string) =>
  new ConfigError(`The database belongs to a newer release: ${why}. Run that release, or later.`);

const explained = (error: unknown) =>
  error instanceof Error && /previously executed migration .* is missing/.test(error.message)
    ? newer(error.message)
    : error;
