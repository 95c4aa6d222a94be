import type { Transaction } from 'kysely';
import { type ConnectionMandateData, mandateChangedEvent } from '../../contracts/connection-mandate.ts';
import { topics } from '../../contracts/topics.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { appendToOutbox, type OutboxEvent } from '../outbox/outbox.ts';
import { nextRevision } from './customer.ts';
import { revisionOf } from './find-customers.ts';

/** Evidence of consent: who changed a mandate, by which channel, and where it is written down. */
export type Evidence = { changedBy: string | null; channel: string | null; reference: string | null };

/** What a change knows of where it came from. */
export type ChangeOrigin = { readonly evidence: Evidence; readonly traceparent?: string | undefined };

export const throughApi: ChangeOrigin = { evidence: { changedBy: null, channel: 'api', reference: null } };

/** Writes each mandate's next revision, its evidence and its event, in the transaction of the change. */
export const announceMandates = async (
  trx: Transaction<CrmDatabase>,
  customerId: string,
  mandates: readonly ConnectionMandateData[],
  { now, newId, traceparent, evidence }: ChangeOrigin & { now: () => number; newId: () => string },
): Promise<void> => {
  const changedAt = now();
  const events: OutboxEvent[] = [];
  for (const mandate of mandates) {
    const revision = await raiseRevision(trx, mandate.connectionId, changedAt);
    const row = { ...mandate, ...evidence, revision, changedAt, customerId: Number(customerId) };
    await trx.insertInto('mandateChange').values(row).execute();
    const event = mandateChangedEvent(mandate, { id: newId(), revision, time: new Date(changedAt), traceparent });
    events.push({ topic: topics.connectionMandates, id: event.id, key: mandate.connectionId, event });
  }
  await appendToOutbox(trx, events, changedAt);
};

const raiseRevision = async (trx: Transaction<CrmDatabase>, connectionId: string, now: number): Promise<number> => {
  const known = await revisionOf(trx, connectionId);
  const revision = nextRevision(known, now);
  await (known === undefined
    ? trx.insertInto('connection').values({ connectionId, revision }).execute()
    : trx.updateTable('connection').set({ revision }).where('connectionId', '=', connectionId).execute());
  return revision;
};
