import type { CompiledQuery, Transaction } from 'kysely';
import {
  type ConnectionMandateData,
  createMandateChangedEvent,
} from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../../contracts/topics.ts';
import { type CrmDatabase, insertRows } from '../../database/index.ts';
import type { OutboxEvent } from '../../outbox/index.ts';
import { nextRevision } from '../customer.ts';

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

/** What is to be written of changed mandates: the statements of this slice, and the events for the outbox. */
export type MandateWrites = { readonly statements: readonly CompiledQuery[]; readonly events: readonly OutboxEvent[] };

/**
 * Prepares the next revision, the evidence and the event of each mandate, for the transaction of the change.
 * @param last the last revisions of the connections, which the caller has locked; the next ones replace them
 * @returns also the last new revision of each connection
 */
export const prepareMandateChanges = (
  trx: Transaction<CrmDatabase>,
  mandates: readonly MandateOfCustomer[],
  last: Map<string, number>,
  { now, newId, traceparent, evidence }: ChangeContext,
): MandateWrites & { readonly revisions: ReadonlyMap<string, number> } => {
  const changedAt = now();
  const { raised, statements } = raiseRevisions(trx, mandates, last, changedAt);
  const changes = raised.map((mandate) => ({ ...mandate, ...evidence }));
  const evidenced = prepareEvidence(trx, changes, { newId, traceparent, changedAt });
  return {
    revisions: new Map(raised.map(({ connectionId, revision }) => [connectionId, revision])),
    statements: [...statements, ...evidenced.statements],
    events: evidenced.events,
  };
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

type EvidenceContext = Pick<ChangeContext, 'newId' | 'traceparent'> & { readonly changedAt: number };

/** Prepares the evidence and the event of each mandate with the given revision. */
export const prepareEvidence = (
  trx: Transaction<CrmDatabase>,
  mandates: readonly (MandateWithRevision & Evidence)[],
  { newId, traceparent, changedAt }: EvidenceContext,
): MandateWrites => {
  const changes = mandates.map((mandate) => ({ ...mandate, changedAt }));
  const time = new Date(changedAt);
  const events = mandates.map(({ connectionId, connectionMandate, revision }) => {
    const event = createMandateChangedEvent(
      { connectionId, connectionMandate },
      { id: newId(), revision, time, traceparent },
    );
    return { topic: topics.connectionMandates, id: event.id, key: connectionId, event };
  });
  return { statements: insertRows(trx, 'mandateChange', evidenceColumns, changes), events };
};

/**
 * Assigns the next revision to each mandate, in order, because one connection may be given up and taken in the same
 * change.
 */
const raiseRevisions = (
  trx: Transaction<CrmDatabase>,
  mandates: readonly MandateOfCustomer[],
  last: Map<string, number>,
  now: number,
): { raised: MandateWithRevision[]; statements: CompiledQuery[] } => {
  const connections = [...new Set(mandates.map(({ connectionId }) => connectionId))];
  const known = new Set(connections.filter((connectionId) => last.has(connectionId)));
  const raised = mandates.map((mandate) => {
    const revision = nextRevision(last.get(mandate.connectionId), now);
    last.set(mandate.connectionId, revision);
    return { ...mandate, revision };
  });
  const rowOf = (connectionId: string) => ({ connectionId, revision: last.get(connectionId) as number });
  const fresh = connections.filter((connectionId) => !known.has(connectionId)).map(rowOf);
  const updates = [...known]
    .map(rowOf)
    .map(({ connectionId, revision }) =>
      trx.updateTable('connection').set({ revision }).where('connectionId', '=', connectionId).compile(),
    );
  return { raised, statements: [...insertRows(trx, 'connection', ['connectionId', 'revision'], fresh), ...updates] };
};
