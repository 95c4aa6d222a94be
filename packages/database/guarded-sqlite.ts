import type { TransientDatabaseError } from './database-error.ts';
import { explainDiskError } from './disk-error.ts';
import type { SqliteDatabase } from './sqlite.ts';
import type { FileIdentity } from './sqlite-file.ts';

const readOnly = /^\s*(select|explain|begin|rollback|pragma(?!\s+user_version\s*=))/i;
/** By its text: a statement that returns rows may write all the same. */
const isWriting = (text: string): boolean => !readOnly.test(text);

/** What becomes of the statements of one database. */
export type StatementWatch = {
  /** @throws DatabaseTrouble while the file is known to be damaged: what is written to it may be lost */
  admit(): void;
  failed(trouble: TransientDatabaseError): void;
  wrote(): void;
};

/**
 * What both guards below do: statements fail by DatabaseTrouble where the disk is the cause, and are refused once the file
 * is no longer in its place, or is damaged. That is looked at before a statement or transaction, and after a commit before it is
 * acknowledged: what is committed to a removed file is lost. In a transaction nothing more is looked at.
 */
const statementChecks = (identity: FileIdentity, watch: StatementWatch) => ({
  before: (isWrite: boolean): void => {
    watch.admit();
    identity.check(isWrite);
  },
  afterCommit: (): void => {
    identity.check(true);
    watch.wrote();
  },
  explain: (error: unknown): unknown => {
    const trouble = explainDiskError(error as Error, identity.file);
    if (trouble) watch.failed(trouble);
    return trouble ?? error;
  },
});

/** The same database, whose statements are guarded. */
export const guardSqlite = (
  database: SqliteDatabase,
  identity: FileIdentity,
  watch: StatementWatch,
): SqliteDatabase => {
  const exec = database.exec.bind(database);
  const prepare = database.prepare.bind(database);
  const { before, afterCommit, explain } = statementChecks(identity, watch);
  const explained = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw explain(error);
    }
  };
  const run = <T>(isWrite: boolean, work: () => T): T =>
    explained(() => {
      // The library would end the process.
      if (!database.open) throw new Error('the database is closed');
      if (!database.inTransaction) before(isWrite);
      const result = work();
      if (isWrite && !database.inTransaction) afterCommit();
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

/** Runs the statements of one connection, whose transactions it follows by their text. */
export type StatementGuard = <T>(text: string, execute: () => Promise<T>) => Promise<T>;

/** The same for a connection in a thread of its own. */
export const guardStatements = (identity: FileIdentity, watch: StatementWatch): StatementGuard => {
  const { before, afterCommit, explain } = statementChecks(identity, watch);
  let isInTransaction = false;
  return async (text, execute) => {
    const isWrite = isWriting(text);
    const isEnd = text === 'commit' || text === 'rollback';
    try {
      // A roll-back is never refused, or the connection would stay in its transaction.
      if (!isInTransaction && !isEnd) before(isWrite || text === 'begin');
      const result = await execute();
      isInTransaction = text === 'begin' || (isInTransaction && !isEnd);
      if (isWrite && !isInTransaction) afterCommit();
      return result;
    } catch (error) {
      if (isEnd) isInTransaction = false;
      throw explain(error);
    }
  };
};
