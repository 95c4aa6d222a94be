import type { DeliveredRecord } from './event-bus.ts';

/** Of one partition: the first offset that the log still holds, and the one that the next record will get. */
export type PartitionRange = { readonly partition: number; readonly begin: number; readonly end: number };

/** Records of one partition in order; everything before `next` has now been handed on. */
export type LogBatch = {
  readonly partition: number;
  readonly records: readonly DeliveredRecord[];
  readonly next: number;
};

/** The log itself, read without a consumer group's offsets: from any place, as often as one likes. */
export type LogReader = {
  /** By partition. @throws Error that says what to do when there is no such topic or no log */
  offsets(topic: string): Promise<PartitionRange[]>;
  /**
   * Hands on what lies from `begin` to before `end` of each partition, exactly as a delivery would be: one batch of a
   * partition at a time, in order; partitions side by side. Memory is bounded by the size of a batch, whatever the log's.
   * Resolves when all is handled. @throws what `handle` threw, or Error when the log does not answer
   */
  read(
    topic: string,
    ranges: readonly PartitionRange[],
    handle: (batch: LogBatch) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void>;
};
