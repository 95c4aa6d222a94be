import type { Kysely } from 'kysely';
import type { Codec } from '../contracts/codec.ts';
import type { CrmDatabase } from '../crm/database/index.ts';

/** An event in the outbox; without `event` it is a tombstone. */
export type WaitingEvent<Event> = { id: string; key: string; event: Event | undefined };

/** The events of a topic in the outbox, in order. */
export const readWaiting = async <Event = Record<string, unknown>>(
  db: Kysely<CrmDatabase>,
  { name, codec }: { name: string; codec: Codec },
): Promise<WaitingEvent<Event>[]> => {
  const rows = await db.selectFrom('outbox').selectAll().where('topic', '=', name).orderBy('sequence').execute();
  return rows.map(({ id, eventKey, event }) => ({
    id,
    key: eventKey,
    event: event === '' ? undefined : (codec.decode(Buffer.from(event)) as Event),
  }));
};
