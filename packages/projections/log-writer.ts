import type { RecordCopy, Topic } from './event-bus.ts';

/** Writes to the log itself, beside the event bus. */
export type LogWriter = {
  /** Writes records again as they were: with their key, time and partition, and the place of the original in a header. */
  append(topic: Topic, copies: readonly RecordCopy[]): Promise<void>;
};
