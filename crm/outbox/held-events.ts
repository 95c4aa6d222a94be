import type { Kysely } from 'kysely';
import type { CrmDatabase } from '../database/schema.ts';

type Person = { customerId: number; connectionIds: readonly string[] };

/** The events of a person's mandates that wait for the event bus. They name nobody and must reach the views. */
export const heldEvents = {
  read: async (db: Kysely<CrmDatabase>, { customerId, connectionIds }: Person): Promise<object[]> => {
    if (connectionIds.length === 0) return [];
    const own = await db
      .selectFrom('mandateChange')
      .select(['connectionId', 'revision'])
      .where('customerId', '=', customerId)
      .execute();
    const revisions = new Set(own.map(({ connectionId, revision }) => `${connectionId} ${revision}`));
    const waiting = await db
      .selectFrom('outbox')
      .select('event')
      .where('eventKey', 'in', connectionIds)
      .orderBy('sequence')
      .execute();
    return waiting
      .map(({ event }): { subject: string; sequence: string } => JSON.parse(event))
      .filter(({ subject, sequence }) => revisions.has(`${subject} ${sequence}`));
  },
  erase: async (): Promise<void> => {},
};
