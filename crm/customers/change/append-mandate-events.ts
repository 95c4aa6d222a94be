import type { Transaction } from 'kysely';
import {
  type ConnectionMandateData,
  createMandateChangedEvent,
} from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../../contracts/topics.ts';
import { type CrmDatabase, insertRows } from '../../database/index.ts';
import { appendToOutbox, type OutboxEvent } from '../../outbox/index.ts';
import { nextRevision } from '../customer.ts';
import { lockRevisions } from '../find-customers.ts';

/** Evidence of consent: who changed a mandate, by which channel, and where the consent is recorded. */
export type Evidence = { changedBy: string | null; channel: string | null; reference: string | null };

/** Where a change comes from. `traceparent` is the W3C trace context of the request. */
export type ChangeOrigin = { readonly evidence: Evidence; readonly traceparent?: string | undefined };

export const apiOrigin: ChangeOrigin = { evidence: { changedBy: null, channel: 'api', reference: null } };

/** The origin of a change, with the clock (ms since 1970) and ids for its events. */
export type ChangeContext = ChangeOrigin & { readonly now: () => number; readonly newId: () => string };

/** A mandate and its customer. A revocation has the customer who gave the connection up. */
export type MandateOfCustomer = ConnectionMandateData & { readonly customerId: number };

type MandateWithRevision = MandateOfCustomer & { readonly revision: number };

/**
 * Writes the next revision, the evidence and the event of each mandate, in the transaction of the change.
 * @returns the last new revision of each connection
 */
export const appendMandateEvents = async (
  trx: Transaction<CrmDatabase>,
  mandates: readonly MandateOfCustomer[],
  { now, newId, traceparent, evidence }: ChangeContext,
): Promise<ReadonlyMap<string, number>> => {
  if (mandates.length === 0) return new Map();
  const changedAt = now();
  const withRevisions = await raiseRevisions(trx, mandates, changedAt);
  const changes = withRevisions.map((mandate) => ({ ...mandate, ...evidence }));
  await appendMandateEventsAt(trx, changes, { newId, traceparent, changedAt });
  return new Map(withRevisions.map(({ connectionId, revision }) => [connectionId, revision]));
};

const evidenceColumns = [
  'connectionId',
  'revision',
  'customerId',
  'connectionMandate',
  'changedAt',
  'changedBy',
  'channel',
  'reference',
] as const;

type AppendContext = Pick<ChangeContext, 'newId' | 'traceparent'> & { readonly changedAt: number };

/** Writes the evidence and the event of each mandate with the given revision. */
export const appendMandateEventsAt = async (
  trx: Transaction<CrmDatabase>,
  mandates: readonly (MandateWithRevision & Evidence)[],
  { newId, traceparent, changedAt }: AppendContext,
): Promise<void> => {
  const changes = mandates.map((mandate) => ({ ...mandate, changedAt }));
  await insertRows(trx, 'mandateChange', evidenceColumns, changes);
  const time = new Date(changedAt);
  const events: OutboxEvent[] = mandates.map(({ connectionId, connectionMandate, revision }) => {
    const event = createMandateChangedEvent(
      { connectionId, connectionMandate },
      { id: newId(), revision, time, traceparent },
    );
    return { topic: topics.connectionMandates, id: event.id, key: connectionId, event };
  });
  await appendToOutbox(trx, events, changedAt);
};

/**
 * Assigns the next revision to each mandate, in order, because one connection may be given up and taken in the same
 * change.
 */
const raiseRevisions = async (
  trx: Transaction<CrmDatabase>,
  mandates: readonly MandateOfCustomer[],
  now: number,
): Promise<MandateWithRevision[]> => {
  const connections = [...new Set(mandates.map(({ connectionId }) => connectionId))];
  const known = await lockRevisions(trx, connections);
  const last = new Map(known);
  const raised = mandates.map((mandate) => {
    const revision = nextRevision(last.get(mandate.connectionId), now);
    last.set(mandate.connectionId, revision);
    return { ...mandate, revision };
  });
  const fresh = [...last].flatMap(([connectionId, revision]) =>
    known.has(connectionId) ? [] : [{ connectionId, revision }],
  );
  await insertRows(trx, 'connection', ['connectionId', 'revision'], fresh);
  for (const connectionId of known.keys())
    await trx
      .updateTable('connection')
      .set({ revision: last.get(connectionId) as number })
      .where('connectionId', '=', connectionId)
      .execute();
  return raised;
};
