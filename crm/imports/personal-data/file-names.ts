import type { Kysely } from 'kysely';
import { type Person, type PersonalDataSource, replaceReference } from '../../customers/index.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { addReference } from '../import-reference.ts';
import { isPossibleMatch } from './match-person.ts';

type Db = Kysely<CrmDatabase>;

const erasedName = 'erased';

/** The names of imported files that name a person: in reports, and in the evidence of every customer of such a file. */
export const importFileNames: PersonalDataSource = {
  read: async function* (db, person) {
    yield await findJobsNamedAfter(db, person);
    yield (await findReferencesNamedAfter(db, person)).map((reference) => ({ reference }));
  },
  // Jobs first: an import that runs takes the reference of its evidence from there.
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

/** The digest still says which file it was. The old reference is known until no evidence has it: a kill leaves work, not names. */
const redactReference = async (db: Db, reference: string, stop: AbortSignal | undefined) => {
  const replacement = `${erasedName}${digestPart.exec(reference)?.[0] ?? ''}`;
  await db.transaction().execute((trx) => addReference(trx, replacement));
  await replaceReference(db, { reference, replacement }, stop);
  await db.deleteFrom('importReference').where('reference', '=', reference).execute();
};

/**
 * Searched as a row of a report is, which has the name of the file as its cells: as it is, without its ending, and with the
 * separators of file names, and of words written together as in EvaVos, as spaces.
 */
const isNamedAfter = (fileName: string, person: Person): boolean => {
  const stem = fileName.replace(/\.[^.]{1,8}$/, '');
  const words = stem.replaceAll(/(\p{Ll})(\p{Lu})/gu, '$1 $2').replaceAll(/[_.+%~#()[\]]+/g, ' ');
  const withoutOwners = { customerId: null, connectionId: null, knownCustomerId: null, holderId: null };
  return [[fileName], [stem], [words, stem.replaceAll(/[_.]+/g, ' ')]].some((cells) =>
    isPossibleMatch({ ...withoutOwners, cells }, person),
  );
};
