import { setTimeout as delay } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { DomainError } from '../runtime/domain-error.ts';
import { isSqliteFile } from './sqlite-dialect.ts';

/** Our own readers finish their short statements within this time. */
const truncateTimeoutMs = 10_000;
const truncateRetryMs = 20;

/**
 * Purges the bytes of deleted rows from a SQLite file. They stay there until they are overwritten, and `secure_delete`
 * misses the copies that a page split leaves (docs/adr/0015), so VACUUM rewrites the file and the write-ahead log is
 * truncated. On MySQL it does nothing: the administrator is responsible for the server's storage.
 * @param timeoutMs how long to wait for readers of the old pages
 * @throws DomainError database-in-use when another process still reads the old pages
 */
export const purgeDeletedBytes = async <DB>(db: Kysely<DB>, timeoutMs = truncateTimeoutMs): Promise<void> => {
  if (!isSqliteFile(db)) return;
  await sql`VACUUM`.execute(db);
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { rows } = await sql<{ busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
    if (!rows[0]?.busy) return;
    if (performance.now() > deadline) break;
    await delay(truncateRetryMs);
  }
  const detail = 'No row names the person any more, but another process still reads old pages of the database file.';
  throw new DomainError('database-in-use', detail, { remedy: 'repeat the request; an erasure may be repeated' });
};
