import { type Kysely, SqliteAdapter, sql } from 'kysely';
import { DomainError } from '../../lib/domain-error.ts';
import type { CrmDatabase } from './schema.ts';

/**
 * A deleted row's bytes stay in a SQLite file until something is written over them; `secure_delete` misses those that a
 * page kept when it was split (docs/adr/0015). So the file is written anew, and its log emptied. A server's own storage
 * is its administrator's affair.
 * @throws DomainError database-in-use while another process reads what was there before
 */
export const forgetDeletedBytes = async (db: Kysely<CrmDatabase>): Promise<void> => {
  if (!(db.getExecutor().adapter instanceof SqliteAdapter)) return;
  await sql`VACUUM`.execute(db);
  const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  if (rows[0]?.busy)
    throw new DomainError('database-in-use', 'The person is erased; the bytes are read by another process for now.', {
      remedy: 'ask for the erasure again: it may be repeated',
    });
};
