import type { Kysely } from 'kysely';
import { mandateLevels } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import type { HeldMandate } from '../../../contracts/mandates-page.ts';
import { readPage } from '../../../packages/database/pages.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { CrmDatabase } from '../../database/index.ts';

/**
 * Lists up to `limit` mandates after the connection `after`, by ascending connectionId. A connection that was given up has
 * mandate "0".
 * @returns the page, and the cursor of the next page, undefined on the last one
 * @throws DomainError invalid-parameter if the CRM has no connection `after`
 */
export const listMandates = async (
  db: Kysely<CrmDatabase>,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<{ items: HeldMandate[]; next: string | undefined }> => {
  // The row of the cursor is read too: connections are never removed, so a cursor without a row is from another database.
  const { items, next } = await readPage(limit, async (pageLimit) => {
    const rows = await selectMandatesPage(db, {
      from: after,
      limit: pageLimit + (after === undefined ? 0 : 1),
    }).execute();
    if (after !== undefined && rows.shift()?.connectionId !== after) throw unknownCursor(after);
    return rows;
  });
  return { items: items.map(showMandate), next: next?.connectionId };
};

/** The mandate of one connection; undefined if the CRM never issued a revision for it. */
export const findMandate = async (db: Kysely<CrmDatabase>, connectionId: string): Promise<HeldMandate | undefined> => {
  const row = await selectMandates(db).where('connection.connectionId', '=', connectionId).executeTakeFirst();
  return row && showMandate(row);
};

export const selectMandatesPage = (
  db: Kysely<CrmDatabase>,
  { from, limit }: { from?: string | undefined; limit: number },
) =>
  selectMandates(db)
    .$if(from !== undefined, (query) => query.where('connection.connectionId', '>=', String(from)))
    .orderBy('connection.connectionId')
    .limit(limit);

/** Reads mandate and revision in one statement; two statements could read them from two different changes. */
const selectMandates = (db: Kysely<CrmDatabase>) =>
  db
    .selectFrom('connection')
    .leftJoin('customer', 'customer.connectionId', 'connection.connectionId')
    .leftJoin('mandateChange', (join) =>
      join
        .onRef('mandateChange.connectionId', '=', 'connection.connectionId')
        .onRef('mandateChange.revision', '=', 'connection.revision'),
    )
    .select([
      'connection.connectionId',
      'connection.revision',
      'customer.connectionMandate',
      'mandateChange.changedAt',
    ]);

type Row = Awaited<ReturnType<ReturnType<typeof selectMandates>['execute']>>[number];

const showMandate = ({ connectionId, connectionMandate, revision, changedAt }: Row): HeldMandate => ({
  connectionId,
  connectionMandate: connectionMandate ?? mandateLevels.none,
  revision: Number(revision),
  // A connection that was given up before the CRM kept evidence has only a revision, which is a time in ms.
  changedAt: new Date(Number(changedAt ?? revision)).toISOString(),
});

const unknownCursor = (after: string) => {
  const expected = 'a connection of this CRM, taken from `next`';
  return new DomainError('invalid-parameter', `after: ${expected}`, {
    errors: [{ field: 'after', expected, got: after }],
    remedy: 'start at the first page: the cursor is from another database',
  });
};
