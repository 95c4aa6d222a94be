import { canaryGreetingId } from '../../contracts/events/greeting-posted/canary.ts';
import { createGreetingPostedEvent } from '../../contracts/events/greeting-posted/schema.ts';
import { topics } from '../../contracts/topics.ts';
import { type CrmContext, inTransaction } from '../customers/index.ts';
import { executeOnce } from '../idempotency/index.ts';
import { appendToOutbox } from '../outbox/index.ts';

export type PostedGreeting = { readonly greetingId: string; readonly message: string; readonly postedAt: string };

type GreetingRequest = {
  readonly idempotencyKey?: string | undefined;
  readonly traceparent?: string | undefined;
  /** Posts it under the id of all canaries. */
  readonly isCanary?: boolean | undefined;
};

/**
 * Posts a greeting: the outbox row is all that the CRM stores of it. A repetition with the same idempotency key gets the answer of the
 * first request.
 * @throws DomainError key-reused
 */
export const postGreeting = (
  context: CrmContext,
  message: string,
  { idempotencyKey: key, traceparent, isCanary }: GreetingRequest = {},
): Promise<PostedGreeting> =>
  inTransaction(context, async (trx) => {
    const time = new Date(context.now());
    const post = async () => {
      const greetingId = isCanary ? canaryGreetingId : context.newId();
      const event = createGreetingPostedEvent({ greetingId, message }, { id: context.newId(), time, traceparent });
      await appendToOutbox(trx, [{ topic: topics.greetings, id: event.id, key: greetingId, event }], time.getTime());
      return { greetingId, message, postedAt: event.time };
    };
    if (key === undefined) return post();
    const attempt = { key, operation: 'post greeting', content: { message, ...(isCanary && { isCanary }) } };
    return executeOnce(trx, attempt, time.getTime(), async () => ({ answer: await post() }));
  });
