import { type MandateChanged, parseConnectionMandate } from '../../contracts/parse-connection-mandate.ts';
import { topics } from '../../contracts/topics.ts';
import type { Projection } from '../../lib/projection/declaration.ts';
import { contradicts, evolve, type Mandate } from './mandate.ts';

/** The mandates view: one document per connection, its key the connectionId. */
export const mandates: Projection<MandateChanged, Mandate> = {
  name: 'mandates',
  topic: topics.connectionMandates,
  deadLetters: topics.connectionMandatesDeadLetters,
  parse: parseConnectionMandate,
  key: (change) => change.data.connectionId,
  evolve,
  moment: ({ time, revision }) => ({ time, revision }),
  traceparent: (change) => change.traceparent,
  remark: (held, change) => (contradicts(held, change) ? 'contradictions' : undefined),
};
