/** The options of a command that reads or writes a log. */
export const whichLogOptions = {
  embedded: { type: 'boolean', default: false },
  kafka: { type: 'boolean', default: false },
} as const;

export const whichLogHelp =
  'Without --kafka, --embedded and KAFKA_BROKERS the command uses the log that it finds: Kafka on localhost:9092, else the file of npm start.';
