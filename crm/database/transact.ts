import type { Kysely, Transaction } from 'kysely';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { retry } from '../../packages/runtime/retry.ts';
import type { CrmDatabase } from './schema.ts';

/**
 * Runs `work` in one transaction, and from its beginning again when another transaction came between (a deadlock, or the
 * same id taken at the same time): so `work` must leave no trace but in the database.
 * @throws DatabaseTrouble when others come between all the time
 */
export const transact = <T>(db: Kysely<CrmDatabase>, work: (trx: Transaction<CrmDatabase>) => Promise<T>): Promise<T> =>
  retry(() => db.transaction().execute(work), {
    while: isConflict,
    attempts: 10,
    // Each waits a time of its own, or they meet again.
    backoff: (failures) => Math.random() * 10 * failures,
  });

const isConflict = (error: unknown): error is TransientDatabaseError =>
  error instanceof TransientDatabaseError && error.code === 'database-conflict';
