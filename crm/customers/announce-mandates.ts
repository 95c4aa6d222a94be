import type { Transaction } from 'kysely';
import {
  type ConnectionMandateData,
  mandateChangedEvent,
} from '../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../contracts/topics.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { appendToOutbox, type OutboxEvent } from '../outbox/outbox.ts';
import { nextRevision } from './customer.ts';
import { lockRevisions } from './find-customers.ts';

/** Evidence of consent: who changed a mandate, by which channel, and where it is written down. */
export type Evidence = { changedBy: string | null; channel: string | null; reference: string | null };

/** What a change knows of where it came from. */
export type ChangeOrigin = { readonly evidence: Evidence; readonly traceparent?: string | undefined };

export const throughApi: ChangeOrigin = { evidence: { changedBy: null, channel: 'api', reference: null } };

/** Whose mandate it is, or was: a revocation names who gave the connection up. */
export type MandateOfCustomer = ConnectionMandateData & { readonly customerId: number };

type AnnounceContext = ChangeOrigin & { now: () => number; newId: () => string };

export const announceMandates = (
  trx: Transaction<CrmDatabase>,
  customerId: string,
  mandates: readonly ConnectionMandateData[],
  context: AnnounceContext,
): Promise<void> =>
  announceAll(
    trx,
    mandates.map((mandate) => ({ ...mandate, customerId: Number(customerId) })),
    context,
  );

/** Writes each mandate's next revision, its evidence and its event, in the transaction of the changes. */
export const announceAll = async (
  trx: Transaction<CrmDatabase>,
  mandates: readonly MandateOfCustomer[],
  { now, newId, traceparent, evidence }: AnnounceContext,
): Promise<void> => {
  if (mandates.length === 0) return;
  const changedAt = now();
  const raised = await raiseRevisions(trx, mandates, changedAt);
  const rows = mandates.map((mandate, n) => ({ ...mandate, ...evidence, revision: raised[n] as number }));
  await appendMandates(trx, rows, { newId, traceparent, changedAt });
};

type AppendContext = Pick<AnnounceContext, 'newId' | 'traceparent'> & { readonly changedAt: number };

/** Writes the evidence and the event of each mandate under the revision that it was given. */
export const appendMandates = async (
  trx: Transaction<CrmDatabase>,
  mandates: readonly (MandateOfCustomer & Evidence & { readonly revision: number })[],
  { newId, traceparent, changedAt }: AppendContext,
): Promise<void> => {
  await trx
    .insertInto('mandateChange')
    .values(mandates.map((mandate) => ({ ...mandate, changedAt })))
    .execute();
  const time = new Date(changedAt);
  const events: OutboxEvent[] = mandates.map(({ connectionId, connectionMandate, revision }) => {
    const event = mandateChangedEvent(
      { connectionId, connectionMandate },
      { id: newId(), revision, time, traceparent },
    );
    return { topic: topics.connectionMandates, id: event.id, key: connectionId, event };
  });
  await appendToOutbox(trx, events, changedAt);
};

/** The next revision for each, in their order: a connection may be given up and taken at once. */
const raiseRevisions = async (
  trx: Transaction<CrmDatabase>,
  mandates: readonly MandateOfCustomer[],
  now: number,
): Promise<number[]> => {
  const connections = [...new Set(mandates.map(({ connectionId }) => connectionId))];
  const known = await lockRevisions(trx, connections);
  const last = new Map(known);
  const raised = mandates.map(({ connectionId }) => {
    const revision = nextRevision(last.get(connectionId), now);
    last.set(connectionId, revision);
    return revision;
  });
  const fresh = [...last].filter(([connectionId]) => !known.has(connectionId));
  if (fresh.length > 0)
    await trx
      .insertInto('connection')
      .values(fresh.map(([connectionId, revision]) => ({ connectionId, revision })))
      .execute();
  for (const connectionId of known.keys())
    await trx
      .updateTable('connection')
      .set({ revision: last.get(connectionId) as number })
      .where('connectionId', '=', connectionId)
      .execute();
  return raised;
};
