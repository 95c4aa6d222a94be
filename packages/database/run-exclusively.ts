import { CreateTableNode, type Kysely, type KyselyPlugin, MysqlAdapter, RawNode, sql } from 'kysely';

/** Whether the database is a MySQL or MariaDB server; otherwise it is SQLite. */
export const isMysql = <DB>(db: Kysely<DB>): boolean => db.getExecutor().adapter instanceof MysqlAdapter;

/**
 * Runs migrations in one process at a time. On SQLite they are one transaction. MySQL commits each statement; there Kysely
 * holds a lock, which the server releases when the process dies.
 */
export const runExclusively = <T>(db: Kysely<never>, work: (db: Kysely<never>) => Promise<T>): Promise<T> =>
  isMysql(db)
    ? work(db.withPlugin(binaryCollation))
    : db.connection().execute(async (connection) => {
        await sql`begin`.execute(connection);
        try {
          const result = await work(connection);
          await sql`commit`.execute(connection);
          return result;
        } catch (error) {
          await sql`rollback`.execute(connection);
          throw error;
        }
      });

/**
 * Creates tables with transactions, all of Unicode and byte-wise comparison of ids, regardless of the server's defaults.
 */
const binaryCollation: KyselyPlugin = {
  transformQuery: ({ node }) => {
    const options = 'engine = InnoDB character set utf8mb4 collate utf8mb4_bin';
    return CreateTableNode.is(node) ? CreateTableNode.cloneWithEndModifier(node, RawNode.createWithSql(options)) : node;
  },
  transformResult: async ({ result }) => result,
};
