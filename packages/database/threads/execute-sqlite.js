/**
 * Plain JavaScript, because a thread that loads the TypeScript loader takes three times as long to start.
 *
 * @typedef {{ sql: string, parameters: readonly unknown[] }} SqliteStatement
 * @typedef {{ rows: unknown[], changes?: number | bigint, lastInsertRowid?: number | bigint }} SqliteResult
 */

const maxCachedStatements = 32;

/**
 * A prepared statement that fails with SQLITE_BUSY stays open until it is garbage-collected, and its connection cannot commit until
 * then. So only statements that are executed and closed at once may acquire the lock.
 */
const withoutPrepare = /^(begin|commit|rollback|vacuum)\b/i;
const readsOnly = /^\s*(select|with|pragma|explain)\b/i;

/**
 * Runs the statements of Kysely on one connection.
 * @param {import('../sqlite.ts').SqliteDatabase} database
 * @returns {(statements: readonly SqliteStatement[]) => SqliteResult[]} runs statements in order, up to the first that fails. Several
 * statements belong to one transaction, which `begin` may start as the first of them.
 */
export const createExecutor = (database) => {
  /** @type {Map<string, ReturnType<typeof database.prepare>>} */
  const cached = new Map();

  /**
   * Keeps the statements that were used last: a change repeats a few, and an import very long ones. Without this, parsing is half of the
   * time of a short statement. One that failed may still be open, and is prepared again.
   * @param {string} text @param {readonly unknown[]} parameters
   */
  const run = (text, parameters) => {
    const statement = cached.get(text) ?? database.prepare(text);
    cached.delete(text);
    const result = runPrepared(statement, parameters);
    cached.set(text, statement);
    const [oldest] = cached.keys();
    if (cached.size > maxCachedStatements && oldest !== undefined) cached.delete(oldest);
    return result;
  };

  /** @param {string} text */
  const translate = (text) => {
    // Take the write lock at the start: two transactions that read before they write would otherwise conflict.
    if (text === 'begin') return 'begin immediate';
    // Row locks are not needed, because the transaction holds the write lock.
    if (text.endsWith(' for update')) return text.slice(0, -' for update'.length);
    // SQLite has already rolled back on a full disk; a second rollback would fail and hide the cause.
    if (text === 'rollback' && !database.inTransaction) return 'select 1 where false';
    return text;
  };

  /** @param {ReturnType<typeof database.prepare>} statement @param {readonly unknown[]} parameters */
  const runPrepared = (statement, parameters) => {
    if (statement.reader) return { rows: statement.all(parameters) };
    const { changes, lastInsertRowid } = statement.run(parameters);
    return { rows: [], changes, lastInsertRowid };
  };

  /** @param {SqliteStatement} statement */
  const execute = ({ sql, parameters }) => {
    const text = translate(sql);
    if (withoutPrepare.test(text)) {
      database.exec(text);
      return { rows: [] };
    }
    if (database.inTransaction || readsOnly.test(text)) return run(text, parameters);
    database.exec('begin immediate');
    try {
      const result = run(text, parameters);
      database.exec('commit');
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('rollback');
      throw error;
    }
  };

  return (statements) => {
    const [first, ...others] = statements;
    if (!first) return [];
    const results = [execute(first)];
    try {
      for (const statement of others) {
        // Outside a transaction, the statements after a failed one could be committed.
        if (!database.inTransaction) throw new Error('statements that run together need a transaction');
        results.push(execute(statement));
      }
    } catch (error) {
      // So that the whole list can be run again.
      if (first.sql === 'begin' && database.inTransaction) database.exec('rollback');
      throw error;
    }
    return results;
  };
};
