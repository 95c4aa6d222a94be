import type { Kysely } from 'kysely';
import { addColumnOnce } from '../../../packages/database/migrate-once.ts';

export const foregroundImports = {
  up: (db: Kysely<never>) =>
    addColumnOnce(db, 'importJob', 'foreground', 'integer', (column) => column.notNull().defaultTo(0)),
};
