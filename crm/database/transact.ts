import { setTimeout as delay } from 'node:timers/promises';
import type { Kysely, Transaction } from 'kysely';
import { DatabaseTrouble } from '../../packages/database/database-trouble.ts';
import type { CrmDatabase } from './schema.ts';

const attempts = 10;
const pauseMs = 10;

/**
 * Runs `work` in one transaction, and from its beginning again when another transaction came between (a deadlock, or the
 * same id taken at the same time): so `work` must leave no trace but in the database.
 * @throws DatabaseTrouble when others come between all the time
 */
export const transact = async <T>(
  db: Kysely<CrmDatabase>,
  work: (trx: Transaction<CrmDatabase>) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute(work);
    } catch (error) {
      const conflict = error instanceof DatabaseTrouble && error.code === 'database-conflict';
      if (!conflict || attempt === attempts) throw error;
      // Each waits a time of its own, or they meet again.
      await delay(Math.random() * pauseMs * attempt);
    }
  }
};
