import type { Transaction } from 'kysely';
import { mandateLevels } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { type HeldMandate, maxRepublishedRevision } from '../../../contracts/mandates-page.ts';
import { DomainError } from '../../../packages/runtime/domain-error.ts';
import { type CrmDatabase, executeTogether } from '../../database/index.ts';
import { insertIntoOutbox } from '../../outbox/index.ts';
import { type CrmContext, inTransaction } from '../change/change-customer.ts';
import { type Evidence, type MandateOfCustomer, prepareEvidence } from '../change/mandate-changes.ts';
import { nextRevision } from '../customer.ts';
import { findHolder, lockRevisions } from '../find-customers.ts';

type Republication = {
  /** The new revision is higher than this one and than the CRM's last revision. */
  readonly above: number;
  readonly evidence: Omit<Evidence, 'channel'>;
  readonly traceparent?: string | undefined;
};

/**
 * Publishes the current mandate of a connection with a higher revision, so that a view that has a revision which the CRM
 * never issued follows the CRM again.
 * @throws DomainError connection-unknown, revision-too-high
 */
export const republishMandate = (
  context: CrmContext,
  connectionId: string,
  { above, evidence, traceparent }: Republication,
): Promise<HeldMandate> =>
  inTransaction(context, async (trx) => {
    // The lock comes before the read: a change that commits later gets a revision above the one that is read here.
    const last = (await lockRevisions(trx, [connectionId])).get(connectionId);
    if (last === undefined) throw unknownConnection(connectionId);
    const changedAt = context.now();
    const revision = nextRevision(Math.max(last, above), changedAt);
    if (revision > maxRepublishedRevision) throw revisionTooHigh(revision - 1);
    const mandate = await currentMandate(trx, connectionId);
    const published = { ...mandate, ...evidence, channel: 'republication', revision };
    const { statements, events } = prepareEvidence(trx, [published], { ...context, traceparent, changedAt });
    await executeTogether(trx, [
      trx.updateTable('connection').set({ revision }).where('connectionId', '=', connectionId).compile(),
      ...statements,
      ...insertIntoOutbox(trx, events, changedAt),
    ]);
    const { connectionMandate } = mandate;
    return { connectionId, connectionMandate, revision, changedAt: new Date(changedAt).toISOString() };
  });

/** A connection without a holder has mandate 0, recorded under the customer who gave it up. */
const currentMandate = async (trx: Transaction<CrmDatabase>, connectionId: string): Promise<MandateOfCustomer> => {
  const holder = await findHolder(trx, connectionId);
  if (holder)
    return { connectionId, connectionMandate: holder.connectionMandate, customerId: Number(holder.customerId) };
  const last = await trx
    .selectFrom('mandateChange')
    .select('customerId')
    .where('connectionId', '=', connectionId)
    .orderBy('revision', 'desc')
    .limit(1)
    .executeTakeFirst();
  // 0 is not the number of any customer. It marks a connection that was given up before the CRM kept evidence.
  return { connectionId, connectionMandate: mandateLevels.none, customerId: last?.customerId ?? 0 };
};

const unknownConnection = (connectionId: string) =>
  new DomainError('connection-unknown', `This CRM has never had connection ${connectionId}.`, {
    remedy: 'npm run rebuild -- --from-crm rebuilds the view without connections that the CRM does not have',
  });

const revisionTooHigh = (above: number) =>
  new DomainError(
    'revision-too-high',
    `No revision above ${above} can be published: the highest is ${maxRepublishedRevision}.`,
    { remedy: 'npm run rebuild -- --from-crm rebuilds the view without that revision' },
  );
