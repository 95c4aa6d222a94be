import type { DeliveredRecord } from './event-bus.ts';

/**
 * The offsets of one partition. `begin` is the oldest offset that the log still holds, `end` the offset that the next
 * record will get.
 */
export type PartitionRange = { readonly partition: number; readonly begin: number; readonly end: number };

/** Records of one partition, in order. All records before the offset `next` have been passed to the handler by now. */
export type LogBatch = {
  readonly partition: number;
  readonly records: readonly DeliveredRecord[];
  readonly next: number;
};

/** Reads a topic's log from any offset, without a consumer group and without committing anything. */
export type LogReader = {
  /**
   * The offset range of every partition, in the order of the partitions.
   * @throws Error with a message that says what to do, when the topic does not exist or the broker does not answer
   */
  offsets(topic: string): Promise<PartitionRange[]>;
  /**
   * Passes the records from `begin` to before `end` of each partition to `handle`, in the form of delivered records.
   * The batches of one partition come one after the other, in order; partitions are read concurrently. Memory is
   * limited by the size of a batch. Resolves when all records have been handled.
   * @throws what `handle` threw, the signal's reason once it is aborted, or Error when the broker does not answer
   */
  read(
    topic: string,
    ranges: readonly PartitionRange[],
    handle: (batch: LogBatch) => Promise<void>,
    signal?: AbortSignal,
  ): Promise<void>;
};
