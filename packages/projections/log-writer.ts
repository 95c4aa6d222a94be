import type { RecordCopy, Topic } from './event-bus.ts';

/** Appends records to a topic's log directly, without the event bus. */
export type LogWriter = {
  /**
   * Appends copies of records with their original key, time and partition, and with the place of the original in the
   * `replay-of` header.
   */
  append(topic: Topic, copies: readonly RecordCopy[]): Promise<void>;
};
