import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/index.ts';

/** The state of a stream as of a version. Only the latest one of each stream is kept. */
export type Snapshot = { readonly version: number; readonly state: unknown };

/** Reads the snapshot. One of another format is ignored, because another release has written it. */
export const readSnapshot = async (
  db: Kysely<CrmDatabase>,
  stream: string,
  format: number,
): Promise<Snapshot | undefined> => {
  const row = await db
    .selectFrom('orderSnapshot')
    .select(['version', 'state'])
    .where('stream', '=', stream)
    .where('format', '=', format)
    .executeTakeFirst();
  return row && { version: row.version, state: JSON.parse(row.state) };
};

/** Replaces the snapshot, in the transaction that appended the event of its version. */
export const writeSnapshot = async (
  trx: Transaction<CrmDatabase>,
  stream: string,
  format: number,
  { version, state }: Snapshot,
): Promise<void> => {
  await trx.deleteFrom('orderSnapshot').where('stream', '=', stream).execute();
  await trx
    .insertInto('orderSnapshot')
    .values({ stream, version, format, state: JSON.stringify(state) })
    .execute();
};
