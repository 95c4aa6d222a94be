import type { Kysely, Transaction } from 'kysely';
import type { CrmDatabase } from '../database/index.ts';

type Person = { customerId: number };

/**
 * The stored answers about one person. An erasure keeps the keys, so that a repeated request cannot register the person
 * again.
 */
export const storedAnswers = {
  read: async function* (db: Kysely<CrmDatabase>, { customerId }: Person) {
    const rows = await db
      .selectFrom('storedAnswer')
      .select(['createdAt', 'answer'])
      .where('customerId', '=', customerId)
      .where('answer', 'is not', null)
      .orderBy('createdAt')
      .execute();
    yield rows.map(({ createdAt, answer }) => ({
      storedAt: new Date(Number(createdAt)).toISOString(),
      answer: JSON.parse(String(answer)),
    }));
  },
  erase: async (trx: Transaction<CrmDatabase>, { customerId }: Person): Promise<void> => {
    await trx
      .updateTable('storedAnswer')
      .set({ contentDigest: null, answer: null })
      .where('customerId', '=', customerId)
      .execute();
  },
};
