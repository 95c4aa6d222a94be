import { canaryGreetingId } from '../../contracts/events/greeting-posted/canary.ts';
import {
  findGreetingOfUnreadable,
  type GreetingPosted,
  parseGreeting,
} from '../../contracts/events/greeting-posted/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import type { Projection } from '../../packages/projections/declaration.ts';

/** A greeting as the view holds it; `postedAt` is in ISO 8601, in UTC. */
export type Greeting = { readonly greetingId: string; readonly message: string; readonly postedAt: string };

/** The greetings view: one document per greeting, with the greetingId as key. */
export const greetings: Projection<GreetingPosted, Greeting> = {
  name: 'greetings',
  topic: topics.greetings,
  deadLetters: topics.greetings.deadLetters,
  parse: parseGreeting,
  key: ({ data }) => data.greetingId,
  keyOfUnreadable: findGreetingOfUnreadable,
  // A greeting never changes. Of two events with one id the earlier one wins, so that the order of delivery does not matter. Canaries
  // share one id, and the latest one wins.
  evolve: (held, event) => {
    const greeting = toGreeting(event);
    if (!held) return greeting;
    const isCanary = greeting.greetingId === canaryGreetingId;
    return (isCanary ? isEarlier(held, greeting) : isEarlier(greeting, held)) ? greeting : held;
  },
  eventStamp: ({ time, revision }) => ({ time, revision }),
  traceparent: ({ traceparent }) => traceparent,
};

const toGreeting = ({ data: { greetingId, message }, time }: GreetingPosted): Greeting => ({
  greetingId,
  message,
  postedAt: new Date(time).toISOString(),
});

const isEarlier = (one: Greeting, other: Greeting) =>
  one.postedAt === other.postedAt ? one.message < other.message : one.postedAt < other.postedAt;
