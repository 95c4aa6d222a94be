import { DEFAULT_MIGRATION_TABLE, type Kysely, type Migration, Migrator, sql } from 'kysely';
import { ConfigError } from '../runtime/config-error.ts';
import { runExclusively } from './run-exclusively.ts';

/** Migrations by name; they run in the order of their names. */
export type Migrations = Readonly<Record<string, Migration>>;

/** Called with the name of each migration before it runs. */
export type OnMigration = (migration: string) => void;

/** Runs the pending migrations in their order. @throws ConfigError when a newer release has migrated the database */
export const migrate = (
  db: Kysely<never>,
  migrations: Migrations,
  onMigration: OnMigration = () => {},
): Promise<void> =>
  runExclusively(db, async (alone) => {
    const { error } = await createMigrator(alone, migrations, onMigration).migrateToLatest();
    if (error) throw explainMigrationError(error);
  });

/** The names of the migrations that `migrate` would run. @throws ConfigError as `migrate` */
export const readPendingMigrations = async (db: Kysely<never>, migrations: Migrations): Promise<string[]> => {
  await refuseNewerSchema(db, migrations);
  const all = await createMigrator(db, migrations).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
};

const createMigrator = (db: Kysely<never>, migrations: Migrations, onMigration: OnMigration = () => {}) => {
  const withReport = ([name, { up }]: [string, Migration]) =>
    [name, { up: (on: Kysely<never>) => Promise.resolve(onMigration(name)).then(() => up(on)) }] as const;
  const all = Object.fromEntries(Object.entries(migrations).map(withReport));
  return new Migrator({ db, provider: { getMigrations: async () => all } });
};

/** The migrations that were run on the database, in their order, including those of a newer release. */
const readAppliedMigrations = async (db: Kysely<never>): Promise<string[]> => {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const { rows } = await sql<{
    name: string;
  }>`select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(db);
  return rows.map(({ name }) => name);
};

const refuseNewerSchema = async (db: Kysely<never>, migrations: Migrations) => {
  const unknown = (await readAppliedMigrations(db)).find((name) => !(name in migrations));
  if (unknown) throw newerRelease(`this one does not know its migration ${unknown}`);
};

const newerRelease = (why: string) =>
  new ConfigError(`The database belongs to a newer release: ${why}. Run that release or a later one.`);

const explainMigrationError = (error: unknown) =>
  error instanceof Error && /previously executed migration .* is missing/.test(error.message)
    ? newerRelease(error.message)
    : error;
