import type { Kysely } from 'kysely';
import { mandatesTopicNames, topics } from '../../contracts/topics.ts';
import type { CrmDatabase } from '../database/index.ts';

/**
 * Moves waiting mandates to the topic of the encoding that this process publishes. The outbox holds every event as JSON, so a change
 * of MANDATES_ENCODING leaves none of them behind. Call it before the relay starts.
 */
export const followEncoding = async (db: Kysely<CrmDatabase>): Promise<void> => {
  const { name } = topics.connectionMandates;
  const others = Object.values(mandatesTopicNames).filter((other) => other !== name);
  await db.updateTable('outbox').set({ topic: name }).where('topic', 'in', others).execute();
};
