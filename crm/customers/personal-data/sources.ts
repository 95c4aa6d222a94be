import type { Kysely } from 'kysely';
import type { MandateChangedEvent } from '../../../contracts/events/connection-mandate-changed/schema.ts';
import { topics } from '../../../contracts/topics.ts';
import { readPages } from '../../../packages/database/pages.ts';
import type { CrmDatabase } from '../../database/index.ts';
import { storedAnswers } from '../../idempotency/index.ts';
import { readWaitingEvents, removeWaitingEvents } from '../../outbox/index.ts';
import { type MandateChange, readMandateHistory } from '../history/mandate-history.ts';
import type { PersonalDataSource, PersonalDataSources } from './personal-data-source.ts';

/** Replaces a text that may name the person. */
const erasedText = 'erased';
const changesPerPage = 500;

/** The evidence of consent is kept (mandate, time, channel). An erasure replaces only its free texts. */
const evidence: PersonalDataSource = {
  read: (db, { customerId }) =>
    readPages<MandateChange>(changesPerPage, (after, limit) => readMandateHistory(db, customerId, { after, limit })),
  erase: async (trx, { customerId }) => {
    for (const text of ['changedBy', 'reference'] as const)
      await trx
        .updateTable('mandateChange')
        .set({ [text]: erasedText })
        .where('customerId', '=', customerId)
        .where(text, 'is not', null)
        .execute();
  },
};

/**
 * The unpublished events of the person's mandates. They are not erased, because they name no person and must reach the
 * views.
 */
const waitingEvents: PersonalDataSource = {
  read: async function* (db, { customerId, connectionIds }) {
    for await (const waiting of readWaitingEvents(db, topics.connectionMandates, connectionIds)) {
      const events = waiting as MandateChangedEvent[];
      const own = await findOwnRevisions(db, customerId, events);
      yield events.filter(({ subject, sequence }) => own.has(`${subject} ${sequence}`));
    }
  },
};

/** Other customers may have held the same connection, so the revision decides which events belong to this customer. */
const findOwnRevisions = async (
  db: Kysely<CrmDatabase>,
  customerId: number,
  events: readonly MandateChangedEvent[],
) => {
  const revisions = events.map(({ sequence }) => Number(sequence));
  const rows = await db
    .selectFrom('mandateChange')
    .select(['connectionId', 'revision'])
    .where('customerId', '=', customerId)
    .where('revision', 'in', revisions)
    .execute();
  return new Set(rows.map(({ connectionId, revision }) => `${connectionId} ${revision}`));
};

/** The unpublished states of the customer, which name the person. */
const waitingCustomerEvents: PersonalDataSource = {
  read: (db, { customerId }) => readWaitingEvents(db, topics.customers, [String(customerId)]),
  erase: (trx, { customerId }) => removeWaitingEvents(trx, topics.customers, String(customerId)),
};

export const customerDataSources: PersonalDataSources = {
  mandateHistory: evidence,
  storedAnswers,
  waitingEvents,
  waitingCustomerEvents,
};
