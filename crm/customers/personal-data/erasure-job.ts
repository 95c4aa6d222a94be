import type { Kysely, Selectable, Transaction } from 'kysely';
import type { CrmDatabase, ErasureJobTable } from '../../database/index.ts';
import type { Person } from './personal-data-source.ts';

type Db = Kysely<CrmDatabase>;

/** Work that a deletion or an erasure left: to erase the rows about `person`, then perhaps the freed bytes of the file. */
export type ErasureJob = Omit<Selectable<ErasureJobTable>, 'person'> & { readonly person: Person | undefined };

const jobsPerRun = 100;

/**
 * Stores a job in the transaction that deletes the record, so that the job is done even after a kill. It is merged with an
 * unfinished job of the same customer, which may still have the deleted record.
 */
export const requestErasure = async (
  trx: Transaction<CrmDatabase>,
  requested: Person,
  { erasesBytes }: { erasesBytes: boolean },
): Promise<void> => {
  const { customerId } = requested;
  const query = trx.selectFrom('erasureJob').selectAll().where('customerId', '=', customerId);
  const earlier = await query.forUpdate().executeTakeFirst();
  const person = JSON.stringify(mergePersons(requested, earlier && parseJob(earlier).person));
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

const mergePersons = (requested: Person, earlier: Person | undefined): Person => ({
  ...requested,
  connectionIds: [...new Set([...requested.connectionIds, ...(earlier?.connectionIds ?? [])])],
  record: requested.record ?? earlier?.record,
});

/** Lists up to 100 jobs for one run. */
export const listPendingErasures = async (db: Db): Promise<ErasureJob[]> => {
  const rows = await db.selectFrom('erasureJob').selectAll().orderBy('customerId').limit(jobsPerRun).execute();
  return rows.map(parseJob);
};

/** Removes the person from the job once all rows are erased, because the job itself must not name the person. */
export const markRowsErased = async (db: Db, { customerId, requests }: ErasureJob): Promise<void> => {
  await db
    .updateTable('erasureJob')
    .set({ person: null })
    .where('customerId', '=', customerId)
    .where('requests', '=', requests)
    .execute();
};

/** Lists all persons whose rows are not erased yet. */
export const listPersonsBeingErased = async (db: Db): Promise<Person[]> => {
  const rows = await db.selectFrom('erasureJob').selectAll().where('person', 'is not', null).execute();
  return rows.flatMap((row) => parseJob(row).person ?? []);
};

/** Deletes the job, unless it was requested again since it was read. */
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
