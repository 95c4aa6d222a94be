import { type Codec, jsonCodec } from './codec.ts';

/** `maxMessageBytes` limits one record with its key and headers; `codec` encodes the events. */
type Topic = {
  readonly name: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  readonly codec: Codec;
  /** The topic is compacted. Without it, the topic keeps all records. */
  readonly compaction?: Compaction;
  /** The records hold personal data: nothing copies their values to another topic or to the log of a service. */
  readonly isPersonal?: true;
};

/**
 * Compaction keeps the last record of each key, and a record without a value (a tombstone) removes the earlier ones. Kafka compacts
 * only closed segments: `segmentMs` is the age at which the next record closes the segment, `maxLagMs` the time until a closed
 * segment is compacted.
 */
type Compaction = { readonly segmentMs: number; readonly maxLagMs: number };

const hourMs = 60 * 60 * 1000;

/** Dead letters are always JSON, so that reading them does not need the codec of their topic. */
const connectionMandatesDeadLetters: Topic = {
  name: 'connection-mandates-dead-letters',
  partitions: 1,
  maxMessageBytes: 4 * 1024 * 1024,
  codec: jsonCodec,
};

/** The dead letters of every topic that the customer-view follows. */
const customerViewDeadLetters: Topic = { ...connectionMandatesDeadLetters, name: 'customer-view-dead-letters' };

const common = { partitions: 4, maxMessageBytes: 16_384, codec: jsonCodec };

/**
 * All topics of the platform. Topics are created before the services start, never by a publish, which would create them with one
 * partition. A topic without compaction keeps its records without limit, because a rebuild needs the whole log.
 */
export const topics = {
  connectionMandates: {
    ...common,
    name: 'connection-mandates-topic',
    deadLetters: connectionMandatesDeadLetters,
  },
  /** The whole state of each customer: the only topic with personal data. */
  customers: {
    ...common,
    name: 'customers-topic',
    compaction: { segmentMs: hourMs, maxLagMs: hourMs },
    isPersonal: true,
    deadLetters: customerViewDeadLetters,
  },
  customerRegistrations: {
    ...common,
    name: 'customer-registrations-topic',
    deadLetters: customerViewDeadLetters,
  },
  /** The whole state of each order after each change. */
  orders: { ...common, name: 'orders-topic', deadLetters: customerViewDeadLetters },
  greetings: { ...common, name: 'greetings-topic', deadLetters: customerViewDeadLetters },
  connectionMandatesDeadLetters,
  customerViewDeadLetters,
} satisfies Record<string, Topic & { readonly deadLetters?: Topic }>;
