import type { TransientDatabaseError } from './database-error.ts';
import { mapDiskError } from './disk-error.ts';
import type { SqliteDatabase } from './sqlite.ts';
import type { FileIdentity } from './sqlite-file.ts';

const readOnly = /^\s*(select|explain|begin|rollback|pragma(?!\s+user_version\s*=))/i;
/** Decides by the text, because a statement that returns rows may also write. */
const isWriting = (text: string): boolean => !readOnly.test(text);

/** Observes the statements of one database. */
export type StatementObserver = {
  /** @throws TransientDatabaseError if the file is known to be damaged, because a write to it may be lost */
  beforeStatement(): void;
  onFailure(error: TransientDatabaseError): void;
  onWrite(): void;
};

/**
 * The checks of both functions below. A statement that fails because of the disk throws TransientDatabaseError. Statements are
 * refused once the file is removed, replaced or damaged. The checks run before a statement or transaction, and after a commit before
 * it is acknowledged, because a commit to a removed file is lost. They do not run inside a transaction.
 */
const createStatementChecks = (identity: FileIdentity, observer: StatementObserver) => ({
  before: (isWrite: boolean): void => {
    observer.beforeStatement();
    identity.check(isWrite);
  },
  afterCommit: (): void => {
    identity.check(true);
    observer.onWrite();
  },
  mapError: (error: unknown): unknown => {
    const databaseError = mapDiskError(error as Error, identity.file);
    if (databaseError) observer.onFailure(databaseError);
    return databaseError ?? error;
  },
});

/** Adds the checks to all statements of the database, in place. */
export const checkSqliteStatements = (
  database: SqliteDatabase,
  identity: FileIdentity,
  observer: StatementObserver,
): SqliteDatabase => {
  const exec = database.exec.bind(database);
  const prepare = database.prepare.bind(database);
  const { before, afterCommit, mapError } = createStatementChecks(identity, observer);
  const withMappedErrors = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw mapError(error);
    }
  };
  const run = <T>(isWrite: boolean, work: () => T): T =>
    withMappedErrors(() => {
      // libsql would crash the process.
      if (!database.open) throw new Error('the database is closed');
      if (!database.inTransaction) before(isWrite);
      const result = work();
      if (isWrite && !database.inTransaction) afterCommit();
      return result;
    });

  database.exec = (text) => {
    // SQLite has already rolled back on a full disk; a second rollback would fail and hide the cause.
    if (/^rollback$/i.test(text) && !database.inTransaction) return database;
    return run(isWriting(text), () => exec(text));
  };
  const prepareChecked = (text: string) => {
    const statement = withMappedErrors(() => prepare(text));
    const isWrite = isWriting(text);
    for (const name of ['run', 'all', 'get', 'iterate'] as const) {
      const execute = statement[name].bind(statement) as (...values: unknown[]) => never;
      statement[name] = (...values: unknown[]) => run(isWrite, () => execute(...values));
    }
    return statement;
  };
  database.prepare = prepareChecked as typeof database.prepare;
  return database;
};

/** Runs a statement of one connection with the checks; tracks transactions by the statement text. */
export type StatementCheck = <T>(text: string, execute: () => Promise<T>) => Promise<T>;

/** Creates the checks for a connection in another thread. */
export const createStatementCheck = (identity: FileIdentity, observer: StatementObserver): StatementCheck => {
  const { before, afterCommit, mapError } = createStatementChecks(identity, observer);
  let isInTransaction = false;
  return async (text, execute) => {
    const isWrite = isWriting(text);
    const isTransactionEnd = text === 'commit' || text === 'rollback';
    try {
      // Never refuse a rollback: the connection would stay in its transaction.
      if (!isInTransaction && !isTransactionEnd) before(isWrite || text === 'begin');
      const result = await execute();
      isInTransaction = text === 'begin' || (isInTransaction && !isTransactionEnd);
      if (isWrite && !isInTransaction) afterCommit();
      return result;
    } catch (error) {
      if (isTransactionEnd) isInTransaction = false;
      throw mapError(error);
    }
  };
};
