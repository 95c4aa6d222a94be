import { z } from 'zod';
import {
  createEventReader,
  type EventContract,
  fromCurrentVersion,
  type ReadEvent,
  validate,
} from '../../read-event.ts';
import { topics } from '../../topics.ts';
import { type Greeting, greetingPostedSchema, greetingPostedType } from './schema.ts';

/** A greeting, parsed from any version of the event. */
export type GreetingPosted = ReadEvent<Greeting>;

const greetingPosted: EventContract<Greeting> = {
  upcasters: {
    [greetingPostedType]: (event) => fromCurrentVersion(validate(greetingPostedSchema, event), 'greetingId'),
  },
  subject: { field: 'greetingId', schema: z.uuid() },
};

/** Parses the events of greetings-topic. */
export const { parse: parseGreeting, findSubjectOfUnreadable: findGreetingOfUnreadable } = createEventReader(
  topics.greetings.codec,
  greetingPosted,
);
