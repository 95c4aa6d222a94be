import {
  connectionMandateReader,
  type MandateChanged,
} from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { mandatesTopicNames, topics } from '../../contracts/topics.ts';
import type { Projection } from '../../packages/projections/declaration.ts';
import { contradicts, evolve, type Mandate } from './mandate.ts';

/** Classifies revisions with two different levels, and revisions that are far ahead of the record's timestamp. */
const classify = (held: Mandate | undefined, change: MandateChanged): string | undefined => {
  if (contradicts(held, change)) return 'contradictions';
  return change.isAhead ? 'revisionsAhead' : undefined;
};

const { findSubjectOfUnreadable: keyOfUnreadable, ...reader } = connectionMandateReader;

/** The mandates view: one document per connection, with the connectionId as key. */
export const mandates: Projection<MandateChanged, Mandate> = {
  name: 'mandates',
  topic: topics.connectionMandates,
  otherTopics: Object.values(mandatesTopicNames).filter((name) => name !== topics.connectionMandates.name),
  deadLetters: topics.connectionMandates.deadLetters,
  ...reader,
  key: (change) => change.data.connectionId,
  keyOfUnreadable,
  evolve,
  eventStamp: ({ time, revision }) => ({ time, revision }),
  traceparent: (change) => change.traceparent,
  classify,
};
