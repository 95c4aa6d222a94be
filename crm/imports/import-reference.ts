import type { Transaction } from 'kysely';
import type { CrmDatabase } from '../database/index.ts';

type Db = Transaction<CrmDatabase>;

/** What the evidence of consent refers to: the file, by a name and by its bytes. */
const formatReference = ({ fileName, digest }: { fileName: string; digest: string }) =>
  `${fileName.slice(0, 64)} sha256:${digest.slice(0, 16)}`;

/**
 * The reference of an import as it is now: an erasure may replace the name of the file at any time, and waits until this
 * transaction has ended.
 */
export const readReference = async (trx: Db, importId: string): Promise<string | null> => {
  const job = await trx
    .selectFrom('importJob')
    .select(['fileName', 'digest'])
    .where('importId', '=', importId)
    .forUpdate()
    .executeTakeFirst();
  return job ? formatReference(job) : null;
};

/** Remembers it, before evidence has it: to look through all the evidence for file names would take an erasure too long. */
export const recordReference = async (trx: Db, importId: string): Promise<void> => {
  const reference = await readReference(trx, importId);
  if (reference !== null) await addReference(trx, reference);
};

export const addReference = async (trx: Db, reference: string): Promise<void> => {
  const known = await trx
    .selectFrom('importReference')
    .select('reference')
    .where('reference', '=', reference)
    .executeTakeFirst();
  if (!known) await trx.insertInto('importReference').values({ reference }).execute();
};
