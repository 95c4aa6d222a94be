/**
 * Plain JavaScript: a thread that loads the TypeScript loader first starts three times as slowly.
 *
 * @typedef {{ sql: string, parameters: readonly unknown[] }} SqliteStatement
 * @typedef {{ rows: unknown[], changes?: number | bigint, lastInsertRowid?: number | bigint }} SqliteResult
 */

const rememberedInserts = 16;

/**
 * Runs the statements of Kysely on one connection.
 * @param {import('./sqlite.ts').SqliteDatabase} database
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

  return ({ sql, parameters }) => {
    const statement = prepare(onSqlite(sql));
    if (statement.reader) return { rows: statement.all(parameters) };
    const { changes, lastInsertRowid } = statement.run(parameters);
    return { rows: [], changes, lastInsertRowid };
  };
};
