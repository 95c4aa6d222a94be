import type { Transaction } from 'kysely';
import type { CrmDatabase } from '../database/index.ts';

type Db = Transaction<CrmDatabase>;

/** The reference in the evidence of consent: the file's name and the beginning of its digest. */
const formatReference = ({ fileName, digest }: { fileName: string; digest: string }) =>
  `${[...fileName].slice(0, 64).join('')} sha256:${digest.slice(0, 16)}`;

/**
 * Reads the current reference of an import and locks its job. An erasure may replace the file name, and then waits until this
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

/**
 * Records the reference before any evidence has it. An erasure searches these references, because searching all the evidence
 * for file names would take too long.
 */
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
