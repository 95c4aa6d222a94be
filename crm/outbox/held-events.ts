import type { Kysely } from 'kysely';
import { topics } from '../../contracts/topics.ts';
import type { CrmDatabase } from '../database/schema.ts';
import { fromColumn } from './event-column.ts';

type Person = { customerId: number; connectionIds: readonly string[] };

const { name: topic, codec } = topics.connectionMandates;
const eventsAtOnce = 500;

/** The events of a person's mandates that wait for the event bus. They name no person and must reach the views. */
export const heldEvents = {
  read: async function* (db: Kysely<CrmDatabase>, person: Person) {
    for (let after = 0; person.connectionIds.length > 0; ) {
      const waiting = await db
        .selectFrom('outbox')
        .select(['sequence', 'event'])
        .where('topic', '=', topic)
        .where('eventKey', 'in', person.connectionIds)
        .where('sequence', '>', after)
        .orderBy('sequence')
        .limit(eventsAtOnce)
        .execute();
      const events = waiting.map(({ event }) => codec.decode(fromColumn(event)) as MandateEvent);
      const own = await ownRevisions(db, person, events);
      yield events.filter(({ subject, sequence }) => own.has(`${subject} ${sequence}`));
      after = waiting.at(-1)?.sequence ?? 0;
      if (waiting.length < eventsAtOnce) return;
    }
  },
};

type MandateEvent = { subject: string; sequence: string };

/** A connection may have been another customer's: the revision says whose. */
const ownRevisions = async (db: Kysely<CrmDatabase>, { customerId }: Person, events: readonly MandateEvent[]) => {
  if (events.length === 0) return new Set<string>();
  const rows = await db
    .selectFrom('mandateChange')
    .select(['connectionId', 'revision'])
    .where('customerId', '=', customerId)
    .where(
      'revision',
      'in',
      events.map(({ sequence }) => Number(sequence)),
    )
    .execute();
  return new Set(rows.map(({ connectionId, revision }) => `${connectionId} ${revision}`));
};
