import type { Kysely, Transaction } from 'kysely';
import { TransientDatabaseError } from '../../packages/database/database-error.ts';
import { retry } from '../../packages/runtime/retry.ts';
import type { CrmDatabase } from './schema.ts';

/**
 * Runs `work` in one transaction, and runs it again when the transaction conflicts with another one (a deadlock, or the same
 * id inserted at the same time), up to 10 times. So `work` must have no effect outside the database.
 * @throws TransientDatabaseError after 10 conflicts, and at once for any other database failure
 */
export const transact = <T>(db: Kysely<CrmDatabase>, work: (trx: Transaction<CrmDatabase>) => Promise<T>): Promise<T> =>
  retry(() => db.transaction().execute(work), {
    while: isConflict,
    attempts: 10,
    // The delays are random, because two transactions with equal delays would conflict again.
    backoff: (failures) => Math.random() * 10 * failures,
  });

const isConflict = (error: unknown): error is TransientDatabaseError =>
  error instanceof TransientDatabaseError && error.code === 'database-conflict';
