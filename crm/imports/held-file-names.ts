import type { Kysely, Transaction } from 'kysely';
import type { Holding, Person } from '../customers/personal-data/holding.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { addReference } from './import-reference.ts';
import { mayTellOf } from './tells-of.ts';

type Db = Kysely<CrmDatabase>;

const erasedName = 'erased';

/** The names of imported files that name a person: in reports, and in the evidence of every customer of such a file. */
export const heldFileNames: Holding = {
  foundByRecord: true,
  read: async (db: Db, person: Person) => [
    ...(await jobsNamedAfter(db, person)),
    ...(await referencesNamedAfter(db, person)).map((reference) => ({ reference })),
  ],
  erase: async (trx: Transaction<CrmDatabase>, person: Person) => {
    for (const { importId } of await jobsNamedAfter(trx, person))
      await trx.updateTable('importJob').set({ fileName: erasedName }).where('importId', '=', importId).execute();
    for (const reference of await referencesNamedAfter(trx, person)) await replaceReference(trx, reference);
  },
};

const jobsNamedAfter = async (db: Db, person: Person) => {
  const jobs = await db.selectFrom('importJob').select(['importId', 'fileName']).orderBy('createdAt').execute();
  return jobs.filter(({ fileName }) => names(fileName, person));
};

const digestPart = / sha256:[0-9a-f]*$/;

const referencesNamedAfter = async (db: Db, person: Person): Promise<string[]> => {
  const rows = await db.selectFrom('importReference').select('reference').orderBy('reference').execute();
  return rows.map(({ reference }) => reference).filter((reference) => names(reference.replace(digestPart, ''), person));
};

/** The bytes of the file are still told by their digest. */
const replaceReference = async (trx: Transaction<CrmDatabase>, reference: string) => {
  const neutral = `${erasedName}${digestPart.exec(reference)?.[0] ?? ''}`;
  await trx.updateTable('mandateChange').set({ reference: neutral }).where('reference', '=', reference).execute();
  await trx.deleteFrom('importReference').where('reference', '=', reference).execute();
  await addReference(trx, neutral);
};

/**
 * Searched as a row of a report is, which has the name of the file as its cells: as it is, without its ending, and with the
 * separators of file names, and of words written together as in EvaVos, as spaces.
 */
const names = (fileName: string, person: Person): boolean => {
  const stem = fileName.replace(/\.[^.]{1,8}$/, '');
  const apart = stem.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replaceAll(/[_.+%~#()[\]]+/g, ' ');
  const nowhere = { customerId: null, connectionId: null, known: null, holder: null };
  return [[fileName], [stem], [apart, stem.replaceAll(/[_.]+/g, ' ')]].some((cells) =>
    mayTellOf({ ...nowhere, cells }, person),
  );
};
