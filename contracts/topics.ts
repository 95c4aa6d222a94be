import { readFileSync } from 'node:fs';
import { createAvroCodec } from './avro-codec.ts';
import { type Codec, jsonCodec } from './codec.ts';
import { mandatesEncoding, schemaRegistryUrl } from './mandates-encoding.ts';
import { createRegistry } from './schema-registry.ts';

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

const mandates = { ...common, deadLetters: connectionMandatesDeadLetters };
const readMandateSchema = () =>
  JSON.parse(readFileSync(new URL('events/connection-mandate-changed/schema.v1.avsc', import.meta.url), 'utf8'));

/** A topic has one encoding, so each encoding of the mandates has its own topic. */
export const mandatesTopicNames = {
  json: 'connection-mandates-topic',
  avro: 'connection-mandates-avro-topic',
} as const;

const createAvroMandates = () => ({
  ...mandates,
  name: mandatesTopicNames.avro,
  codec: createAvroCodec({
    registry: createRegistry(schemaRegistryUrl),
    subject: `${mandatesTopicNames.avro}-value`,
    schema: readMandateSchema(),
  }),
});

/**
 * All topics of the platform. Topics are created before the services start, never by a publish, which would create them with one
 * partition. A topic without compaction keeps its records without limit, because a rebuild needs the whole log.
 */
export const topics = {
  /** In the encoding of MANDATES_ENCODING. */
  connectionMandates:
    mandatesEncoding === 'avro' ? createAvroMandates() : { ...mandates, name: mandatesTopicNames.json },
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

/**
 * What a broker has: the mandates in every encoding, so that the topic exists whichever encoding the services start with, and all
 * other topics.
 */
export const brokerTopics: readonly Omit<Topic, 'codec'>[] = [
  ...Object.values(mandatesTopicNames).map((name) => ({ ...topics.connectionMandates, name })),
  ...Object.values(topics).filter((topic) => topic !== topics.connectionMandates),
];
