import { splitIntoChunks } from '../../runtime/chunks.ts';
import type { RateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { DeliveredRecord, EventBus, Topic } from '../event-bus.ts';
import { deadLetter } from './dead-letter.ts';

type Context = Pick<Runtime, 'now' | 'newId'> & { readonly bus: EventBus; readonly limitedLog: RateLimitedLog };

/** Between two of these requests the process does other work. */
const mostDeadLettersAtOnce = 1_000;

/** Publishes records that can never be applied to the dead-letter topic; resolves when that is durable. */
export const publishDeadLetters = async (
  deadLetters: Topic,
  { bus, limitedLog, now, newId }: Context,
  poison: readonly { readonly record: DeliveredRecord; readonly reason: string }[],
): Promise<void> => {
  if (poison.length === 0) return;
  for (const some of splitIntoChunks(poison, mostDeadLettersAtOnce))
    await bus.publish(
      deadLetters.name,
      some.map(({ record, reason }) => deadLetter(record, reason, { now: new Date(now()), newId })),
    );
  for (const { record, reason } of poison) {
    const { topic, partition, offset } = record;
    limitedLog.warn({ topic, partition, offset, reason }, 'record set aside');
  }
};
