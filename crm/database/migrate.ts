import { type Kysely, type Migration, Migrator } from 'kysely';
import { ConfigError } from '../../lib/config-error.ts';
import { migratingAlone } from './dialect.ts';
import { migrations } from './migrations.ts';

/** `tell` hears the name of each migration before it runs. */
export type Tell = (migration: string) => void;

/** Brings the schema up to date, by the migrations that are missing, in their order. */
export const migrate = (db: Kysely<never>, tell: Tell = () => {}): Promise<void> =>
  migratingAlone(db, async (alone) => {
    const { error } = await migratorOf(alone, tell).migrateToLatest();
    if (error) throw explained(error);
  });

/** What `migrate` would do. */
export const pendingMigrations = async (db: Kysely<never>): Promise<string[]> => {
  const all = await migratorOf(db).getMigrations();
  return all.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name);
};

const migratorOf = (db: Kysely<never>, tell: Tell = () => {}) => {
  const told = ([name, { up }]: [string, Migration]) =>
    [name, { up: (on: Kysely<never>) => Promise.resolve(tell(name)).then(() => up(on)) }] as const;
  const all = Object.fromEntries(Object.entries(migrations).map(told));
  return new Migrator({ db, provider: { getMigrations: async () => all } });
};

const explained = (error: unknown) =>
  error instanceof Error && /previously executed migration .* is missing/.test(error.message)
    ? new ConfigError(`The database belongs to a newer release: ${error.message}. Run that release, or later.`)
    : error;
