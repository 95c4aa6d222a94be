import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/schema.ts';
import { heldAnswers } from '../../idempotency/personal-data.ts';
import { heldEvents } from '../../outbox/personal-data.ts';
import { type HistoryPlace, mandateHistory } from '../history/mandate-history.ts';
import type { Holdings, Person } from './personal-data-source.ts';

/** What is left of a text that may have named the person. */
const erasedText = 'erased';
const changesAtOnce = 500;

/** The evidence of consent outlives everything: which mandate, when, by which channel; the free texts do not. */
const heldEvidence = {
  read: async function* (db: Kysely<CrmDatabase>, { customerId }: Person) {
    for (let after: HistoryPlace | undefined; ; ) {
      const changes = await mandateHistory(db, customerId, { after, limit: changesAtOnce });
      yield changes;
      if (changes.length < changesAtOnce) return;
      after = changes.at(-1);
    }
  },
  erase: async (trx: Transaction<CrmDatabase>, { customerId }: Person) => {
    for (const text of ['changedBy', 'reference'] as const)
      await trx
        .updateTable('mandateChange')
        .set({ [text]: erasedText })
        .where('customerId', '=', customerId)
        .where(text, 'is not', null)
        .execute();
  },
};

export const heldBesideTheRecord: Holdings = {
  mandateHistory: heldEvidence,
  storedAnswers: heldAnswers,
  waitingEvents: heldEvents,
};
