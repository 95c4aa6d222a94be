import type { Kysely } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

/** Older jobs have 0. The process that has a job's file updates it with its next heartbeat. */
export const importHeartbeat = {
  up: (db: Kysely<never>) =>
    addColumnOnce(db, 'importJob', 'updatedAt', 'bigint', (column) => column.notNull().defaultTo(0)),
};
