import type { CompiledQuery, DatabaseConnection, Transaction } from 'kysely';

/** A connection that runs statements with one call, up to the first that fails. */
export type Together = { executeTogether(queries: readonly CompiledQuery[]): Promise<void> };

/**
 * Runs statements of a transaction whose results are not needed. On SQLite they are one call of its thread, and the calls are half of the
 * time of a change. If one fails, the later ones do not run.
 */
export const executeTogether = <DB>(trx: Transaction<DB>, queries: readonly CompiledQuery[]): Promise<void> =>
  trx.getExecutor().provideConnection(async (connection: DatabaseConnection & Partial<Together>) => {
    if (queries.length === 0) return;
    if (connection.executeTogether) await connection.executeTogether(queries);
    else for (const query of queries) await connection.executeQuery(query);
  });
