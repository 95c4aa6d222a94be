/** The options of a command that works on a log. */
export const whichLogOptions = {
  embedded: { type: 'boolean', default: false },
  kafka: { type: 'boolean', default: false },
} as const;

export const whichLogHelp = `Without --kafka, --embedded or KAFKA_BROKERS it takes the log that is there: Kafka on localhost:9092, or the file of npm start.`;
