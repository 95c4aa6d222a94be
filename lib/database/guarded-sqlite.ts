import { DatabaseTrouble, type DiskTroubleCode } from './database-trouble.ts';
import type { SqliteDatabase } from './sqlite.ts';
import { type FileIdentity, hasNoSpaceFor } from './sqlite-file.ts';

const troubleOf: readonly [RegExp, DiskTroubleCode][] = [
  [/^(SQLITE_FULL|storage-full)/, 'storage-full'],
  [/^(SQLITE_READONLY_DBMOVED|database-replaced)/, 'database-replaced'],
  [/^(SQLITE_READONLY|database-read-only)/, 'database-read-only'],
  [/^(SQLITE_(CORRUPT|NOTADB)|database-damaged)/, 'database-damaged'],
  [/^(SQLITE_(IOERR|CANTOPEN)|storage-failed)/, 'storage-failed'],
];

/** @returns what the disk did, as a trouble; also from an error that crossed a thread, which keeps its code alone */
export const explainDiskError = (error: Error & { code?: string }, file?: string): DatabaseTrouble | undefined => {
  if (error instanceof DatabaseTrouble) return error;
  const code = troubleOf.find(([pattern]) => pattern.test(error.code ?? ''))?.[1];
  if (!code) return undefined;
  const cause = file === undefined ? error : new Error(`${file}: ${error.message}`, { cause: error });
  const isFull = code === 'storage-failed' && file !== undefined && hasNoSpaceFor(file);
  return new DatabaseTrouble(isFull ? 'storage-full' : code, Object.assign(cause, { code: error.code }));
};

const readOnly = /^\s*(select|explain|begin|rollback|pragma(?!\s+user_version\s*=))/i;
/** By its text: a statement that returns rows may write all the same. */
export const isWriting = (text: string): boolean => !readOnly.test(text);

/** What becomes of the statements of one database. */
export type StatementWatch = { failed(trouble: DatabaseTrouble): void; wrote(): void };

/**
 * The same database, whose statements fail by DatabaseTrouble where the disk is the cause, and are refused once the file is
 * no longer in its place. That is looked at before a statement or transaction, and after a commit before it is
 * acknowledged: what is committed to a removed file is lost. In a transaction nothing more is looked at.
 */
export const guardSqlite = (
  database: SqliteDatabase,
  identity: FileIdentity,
  watch: StatementWatch,
): SqliteDatabase => {
  const exec = database.exec.bind(database);
  const prepare = database.prepare.bind(database);
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      const trouble = explainDiskError(error as Error, identity.file);
      if (trouble) watch.failed(trouble);
      throw trouble ?? error;
    }
  };
  const run = <T>(isWrite: boolean, work: () => T): T =>
    explained(() => {
      // The library would end the process.
      if (!database.open) throw new Error('the database is closed');
      if (!database.inTransaction) identity.check(isWrite);
      const result = work();
      if (isWrite && !database.inTransaction) {
        identity.check(true);
        watch.wrote();
      }
      return result;
    });

  database.exec = (text) => {
    // A full disk has rolled back already: a second roll-back would fail and hide the cause.
    if (/^rollback$/i.test(text) && !database.inTransaction) return database;
    return run(isWriting(text), () => exec(text));
  };
  const guardedPrepare = (text: string) => {
    const statement = explained(() => prepare(text));
    const isWrite = isWriting(text);
    for (const name of ['run', 'all', 'get', 'iterate'] as const) {
      const execute = statement[name].bind(statement) as (...values: unknown[]) => never;
      statement[name] = (...values: unknown[]) => run(isWrite, () => execute(...values));
    }
    return statement;
  };
  database.prepare = guardedPrepare as typeof database.prepare;
  return database;
};
