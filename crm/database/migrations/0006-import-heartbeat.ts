import type { Kysely } from 'kysely';
import { addColumnOnce } from '../migrate-once.ts';

/** 0: a job of before, which whoever has its file will touch. */
export const importHeartbeat = {
  up: (db: Kysely<never>) =>
    addColumnOnce(db, 'importJob', 'updatedAt', 'bigint', (column) => column.notNull().defaultTo(0)),
};
