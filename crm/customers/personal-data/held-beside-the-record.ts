import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../../database/schema.ts';
import { heldAnswers } from '../../idempotency/held-answers.ts';
import { heldEvents } from '../../outbox/held-events.ts';
import { mandateHistory } from '../mandate-history.ts';
import type { Holdings, Person } from './holding.ts';

/** What is left of a text that may have named the person. */
const erasedText = 'erased';

/** The evidence of consent outlives everything: which mandate, when, by which channel; the free texts do not. */
const heldEvidence = {
  read: (db: Kysely<CrmDatabase>, { customerId }: Person) => mandateHistory(db, customerId),
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
