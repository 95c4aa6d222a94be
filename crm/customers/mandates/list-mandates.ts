import type { Kysely } from 'kysely';
import { mandateLevels } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import type { HeldMandate } from '../../../contracts/mandates-page.ts';
import { readPage } from '../../../packages/database/pages.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import type { CrmDatabase } from '../../database/index.ts';

/**
 * Up to `limit` mandates by ascending connectionId from behind `after`, and the cursor of the next page where there is one.
 * Connections that were given up have mandate "0".
 * @throws DomainError invalid-parameter when the CRM has no connection `after`
 */
export const listMandates = async (
  db: Kysely<CrmDatabase>,
  { after, limit }: { after?: string | undefined; limit: number },
): Promise<{ items: HeldMandate[]; next: string | undefined }> => {
  // The row of the cursor comes along: a connection is never removed, so one that is missing is of another database.
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

/** The mandate of one connection; undefined for one that the CRM never gave a revision. */
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

/** Level and revision are read in one statement: read one after the other they could belong to two changes. */
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
  // What was given up before there was evidence has a revision alone, which is a time.
  changedAt: new Date(Number(changedAt ?? revision)).toISOString(),
});

const unknownCursor = (after: string) => {
  const expected = 'a connection of this CRM, as `next` has it';
  return new DomainError('invalid-parameter', `after: ${expected}`, {
    errors: [{ field: 'after', expected, got: after }],
    remedy: 'begin at the first page: the cursor is of another database',
  });
};
