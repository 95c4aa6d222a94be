import type { Kysely, Selectable, Transaction } from 'kysely';
import type { CrmDatabase, ErasureJobTable } from '../../database/index.ts';
import type { Person } from './personal-data-source.ts';

type Db = Kysely<CrmDatabase>;

/** What a deletion or an erasure has left to do: the rows about `person`, and then perhaps the freed bytes of the file. */
export type ErasureJob = Omit<Selectable<ErasureJobTable>, 'person'> & { readonly person: Person | undefined };

const jobsPerRun = 100;

/**
 * Written in the transaction that removes the record, so that what follows it is done even after a kill. An earlier request
 * that is not done yet may know more of the person than the database still does.
 */
export const requestErasure = async (
  trx: Transaction<CrmDatabase>,
  asked: Person,
  { erasesBytes }: { erasesBytes: boolean },
): Promise<void> => {
  const { customerId } = asked;
  const ofCustomer = trx.selectFrom('erasureJob').selectAll().where('customerId', '=', customerId);
  const earlier = await ofCustomer.forUpdate().executeTakeFirst();
  const person = JSON.stringify(mergePersons(asked, earlier && parseJob(earlier).person));
  if (!earlier) {
    const job = { customerId, person, erasesBytes: erasesBytes ? 1 : 0, requests: 1 } as const;
    await trx.insertInto('erasureJob').values(job).execute();
    return;
  }
  await trx
    .updateTable('erasureJob')
    .set({ person, requests: earlier.requests + 1, ...(erasesBytes && { erasesBytes: 1 }) })
    .where('customerId', '=', customerId)
    .execute();
};

const mergePersons = (asked: Person, earlier: Person | undefined): Person => ({
  ...asked,
  connectionIds: [...new Set([...asked.connectionIds, ...(earlier?.connectionIds ?? [])])],
  record: asked.record ?? earlier?.record,
});

/** Some of the jobs, to be done together. */
export const listPendingErasures = async (db: Db): Promise<ErasureJob[]> => {
  const rows = await db.selectFrom('erasureJob').selectAll().orderBy('customerId').limit(jobsPerRun).execute();
  return rows.map(parseJob);
};

/** No row is about the person any more, so the job must not name the person either. */
export const markRowsErased = async (db: Db, { customerId, requests }: ErasureJob): Promise<void> => {
  await db
    .updateTable('erasureJob')
    .set({ person: null })
    .where('customerId', '=', customerId)
    .where('requests', '=', requests)
    .execute();
};

/** All whose rows are being erased, however many wait. */
export const listPersonsBeingErased = async (db: Db): Promise<Person[]> => {
  const rows = await db.selectFrom('erasureJob').selectAll().where('person', 'is not', null).execute();
  return rows.flatMap((row) => parseJob(row).person ?? []);
};

/** Leaves a job that was requested again since. */
export const finishErasure = async (db: Db, { customerId, requests }: ErasureJob): Promise<void> => {
  await db
    .deleteFrom('erasureJob')
    .where('customerId', '=', customerId)
    .where('requests', '=', requests)
    .where('person', 'is', null)
    .execute();
};

const parseJob = ({ person, ...job }: Selectable<ErasureJobTable>): ErasureJob => ({
  ...job,
  person: person === null ? undefined : JSON.parse(person),
});
