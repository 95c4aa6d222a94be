import { type Codec, jsonCodec } from './codec.ts';

/** `maxMessageBytes` is the limit of one record; `codec` is how each of its events becomes bytes. */
type Topic = {
  readonly name: string;
  readonly partitions: number;
  readonly maxMessageBytes: number;
  readonly codec: Codec;
};

/** Dead letters are JSON whatever the codec of their topic is: their reader must not need that codec. */
const connectionMandatesDeadLetters: Topic = {
  name: 'connection-mandates-dead-letters',
  partitions: 1,
  maxMessageBytes: 4 * 1024 * 1024,
  codec: jsonCodec,
};

/**
 * Every topic of the platform, declared once; topics are created before use, never by a publish.
 * All keep their records for ever: a log that forgets cannot rebuild a view.
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
