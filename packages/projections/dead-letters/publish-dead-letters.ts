import { splitIntoChunks } from '../../runtime/chunks.ts';
import type { RateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { EventBus, Topic } from '../event-bus.ts';
import { createDeadLetter, type PoisonRecord } from './dead-letter.ts';

type Context = Pick<Runtime, 'now' | 'newId'> & { readonly bus: EventBus; readonly limitedLog: RateLimitedLog };

/** Publishes in chunks, so that the process does other work in between. */
const maxDeadLettersPerPublish = 1_000;

/**
 * Publishes poison records to the dead-letter topic; resolves when they are durable there.
 * @throws NotDurable as the event bus does
 */
export const publishDeadLetters = async (
  deadLetters: Topic,
  { bus, limitedLog, now, newId }: Context,
  poison: readonly PoisonRecord[],
): Promise<void> => {
  if (poison.length === 0) return;
  for (const some of splitIntoChunks(poison, maxDeadLettersPerPublish))
    await bus.publish(
      deadLetters.name,
      some.map((one) => createDeadLetter(one, { now: new Date(now()), newId })),
    );
  for (const { record, reason } of poison) {
    const { topic, partition, offset } = record;
    limitedLog.warn({ topic, partition, offset, reason }, 'record dead-lettered');
  }
};
