/**
 * Every topic of the platform, declared once; topics are created before use, never by a publish.
 * All keep their records for ever: a log that forgets cannot rebuild a view.
 */
export const topics = {
  connectionMandates: { name: 'connection-mandates-topic', partitions: 4, maxMessageBytes: 16_384 },
  connectionMandatesDeadLetters: {
    name: 'connection-mandates-dead-letters',
    partitions: 1,
    maxMessageBytes: 4 * 1024 * 1024,
  },
} as const;
