/**
 * Plain JavaScript: a thread that loads the TypeScript loader first starts three times as slowly.
 *
 * @typedef {{ sql: string, parameters: readonly unknown[] }} SqliteStatement
 * @typedef {{ rows: unknown[], changes?: number | bigint, lastInsertRowid?: number | bigint }} SqliteResult
 */

const rememberedInserts = 16;

/**
 * A prepared statement that SQLite refuses as busy stays open until it is collected, and no transaction of its connection
 * can be committed until then. So the lock is only ever asked for by statements that are executed and closed at once.
 */
const executedAtOnce = /^(begin|commit|rollback|vacuum)\b/i;
const readsOnly = /^\s*(select|with|pragma|explain)\b/i;

/**
 * Runs the statements of Kysely on one connection.
 * @param {import('../sqlite.ts').SqliteDatabase} database
 * @returns {(statement: SqliteStatement) => SqliteResult}
 */
export const createExecutor = (database) => {
  /** @type {Map<string, ReturnType<typeof database.prepare>>} */
  const remembered = new Map();

  /**
   * An import writes many rows at once with a few very long statements, again and again: to parse them costs a tenth of it.
   * @param {string} text
   */
  const prepare = (text) => {
    if (!text.startsWith('insert into')) return database.prepare(text);
    const statement = remembered.get(text) ?? database.prepare(text);
    remembered.delete(text);
    remembered.set(text, statement);
    const [oldest] = remembered.keys();
    if (remembered.size > rememberedInserts && oldest !== undefined) remembered.delete(oldest);
    return statement;
  };

  /** @param {string} text */
  const onSqlite = (text) => {
    // A transaction that reads before it writes must hold the write lock from its start, or two of them fail each other.
    if (text === 'begin') return 'begin immediate';
    // A transaction that holds the write lock needs no locks on rows.
    if (text.endsWith(' for update')) return text.slice(0, -' for update'.length);
    // A full disk has rolled back already: a second roll-back would fail and hide the cause.
    if (text === 'rollback' && !database.inTransaction) return 'select 1 where false';
    return text;
  };

  /** @param {ReturnType<typeof database.prepare>} statement @param {readonly unknown[]} parameters */
  const run = (statement, parameters) => {
    if (statement.reader) return { rows: statement.all(parameters) };
    const { changes, lastInsertRowid } = statement.run(parameters);
    return { rows: [], changes, lastInsertRowid };
  };

  return ({ sql, parameters }) => {
    const text = onSqlite(sql);
    if (executedAtOnce.test(text)) {
      database.exec(text);
      return { rows: [] };
    }
    if (database.inTransaction || readsOnly.test(text)) return run(prepare(text), parameters);
    database.exec('begin immediate');
    try {
      const result = run(prepare(text), parameters);
      database.exec('commit');
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('rollback');
      throw error;
    }
  };
};
