import {
  findConnectionOfUnreadable,
  type MandateChanged,
  parseConnectionMandate,
} from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { topics } from '../../contracts/topics.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import { contradicts, evolve, type Mandate } from './mandate.ts';

/** Classifies revisions with two different levels, and revisions that are far ahead of the record's timestamp. */
const classify = (held: Mandate | undefined, change: MandateChanged): string | undefined => {
  if (contradicts(held, change)) return 'contradictions';
  return change.isAhead ? 'revisionsAhead' : undefined;
};

/** The mandates view: one document per connection, with the connectionId as key. */
export const mandates: Projection<MandateChanged, Mandate> = {
  name: 'mandates',
  topic: topics.connectionMandates,
  deadLetters: topics.connectionMandates.deadLetters,
  parse: parseConnectionMandate,
  key: (change) => change.data.connectionId,
  keyOfUnreadable: findConnectionOfUnreadable,
  evolve,
  eventStamp: ({ time, revision }) => ({ time, revision }),
  traceparent: (change) => change.traceparent,
  classify,
};
