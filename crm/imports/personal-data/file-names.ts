import type { Kysely } from 'kysely';
import { type Person, type PersonalDataSource, replaceReference } from '../../customers/index.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { addReference } from '../import-reference.ts';
import { isPossibleMatch } from './match-person.ts';

type Db = Kysely<CrmDatabase>;

const erasedName = 'erased';

/** File names that contain a person's name, in import jobs and in the evidence of every customer of such a file. */
export const importFileNames: PersonalDataSource = {
  read: async function* (db, person) {
    yield await findJobsNamedAfter(db, person);
    yield (await findReferencesNamedAfter(db, person)).map((reference) => ({ reference }));
  },
  // Jobs come first, because a running import reads the reference for its evidence from its job.
  eraseInBatches: async (db, person, stop) => {
    for (const { importId } of await findJobsNamedAfter(db, person))
      await db.updateTable('importJob').set({ fileName: erasedName }).where('importId', '=', importId).execute();
    for (const reference of await findReferencesNamedAfter(db, person)) await redactReference(db, reference, stop);
  },
};

const findJobsNamedAfter = async (db: Db, person: Person) => {
  const jobs = await db.selectFrom('importJob').select(['importId', 'fileName']).orderBy('createdAt').execute();
  return jobs.filter(({ fileName }) => isNamedAfter(fileName, person));
};

const digestPart = / sha256:[0-9a-f]*$/;

const findReferencesNamedAfter = async (db: Db, person: Person): Promise<string[]> => {
  const rows = await db.selectFrom('importReference').select('reference').orderBy('reference').execute();
  return rows
    .map(({ reference }) => reference)
    .filter((reference) => isNamedAfter(reference.replace(digestPart, ''), person));
};

/**
 * Replaces the file name in a reference and in all evidence with it. The digest stays, so the file can still be identified.
 * The old reference is deleted last, so that the erasure can be repeated after a kill.
 */
const redactReference = async (db: Db, reference: string, stop: AbortSignal | undefined) => {
  const replacement = `${erasedName}${digestPart.exec(reference)?.[0] ?? ''}`;
  await db.transaction().execute((trx) => addReference(trx, replacement));
  await replaceReference(db, { reference, replacement }, stop);
  await db.deleteFrom('importReference').where('reference', '=', reference).execute();
};

/**
 * Whether a file name contains the person's data. It is matched like the cells of a report row: unchanged, without the
 * extension, and split into words at separators and at capitals, as in EvaVos.
 */
const isNamedAfter = (fileName: string, person: Person): boolean => {
  const stem = fileName.replace(/\.[^.]{1,8}$/, '');
  const words = stem.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replaceAll(/[_.+%~#()[\]]+/g, ' ');
  const withoutOwners = { customerId: null, connectionId: null, knownCustomerId: null, holderId: null };
  return [[fileName], [stem], [words, stem.replaceAll(/[_.]+/g, ' ')]].some((cells) =>
    isPossibleMatch({ ...withoutOwners, cells }, person),
  );
};
