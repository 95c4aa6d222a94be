import { type Codec, jsonCodec } from './codec.ts';

/** `maxMessageBytes` limits one record with its key and headers; `codec` encodes the events. */
type Topic = {
  readonly name: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  readonly codec: Codec;
};

/** Dead letters are always JSON, so that reading them does not need the codec of their topic. */
const connectionMandatesDeadLetters: Topic = {
  name: 'connection-mandates-dead-letters',
  partitions: 1,
  maxMessageBytes: 4 * 1024 * 1024,
  codec: jsonCodec,
};

/**
 * All topics of the platform. Topics are created before the services start, never by a publish, which would create them with one partition. They keep their records without limit, because a
 * rebuild needs the whole log.
 */
export const topics = {
  connectionMandates: {
    name: 'connection-mandates-topic',
    partitions: 4,
    maxMessageBytes: 16_384,
    codec: jsonCodec,
    deadLetters: connectionMandatesDeadLetters,
  },
  connectionMandatesDeadLetters,
} satisfies Record<string, Topic & { readonly deadLetters?: Topic }>;
