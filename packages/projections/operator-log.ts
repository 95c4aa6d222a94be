import { sleepUnlessAborted } from '../runtime/sleep.ts';
import type { LogBatch, LogReader } from './log-reader.ts';
import type { LogWriter } from './log-writer.ts';

/** A member of a consumer group, as the broker knows it. */
export type GroupMember = { readonly clientId: string; readonly host: string };

/** What an operator does with a log, in addition to reading ranges of it. */
export type OperatorLog = LogWriter & {
  /**
   * Passes records to `handle` as they arrive, from the given offset of each partition on, in order per partition. It joins no consumer
   * group of a service and commits nothing. Resolves once the signal is aborted.
   * @throws Error when the broker does not answer
   */
  follow(
    topic: string,
    from: ReadonlyMap<number, number>,
    handle: (batch: LogBatch) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
  /** The members of a consumer group of the topic. Undefined where the broker has none. */
  readonly members?: (group: string, topic: string) => Promise<readonly GroupMember[]>;
};

const pollIntervalMs = 200;

/** Follows a log whose offsets are cheap to read. */
export const followByPolling =
  (log: LogReader): OperatorLog['follow'] =>
  async (topic, from, handle, signal) => {
    const next = new Map(from);
    const passOn = async (batch: LogBatch) => {
      next.set(batch.partition, batch.next);
      await handle(batch);
    };
    while (!signal.aborted) {
      const ranges = (await log.offsets(topic)).map(({ partition, begin, end }) => ({
        partition,
        begin: Math.max(next.get(partition) ?? begin, begin),
        end,
      }));
      await log.read(topic, ranges, passOn, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      await sleepUnlessAborted(pollIntervalMs, signal);
    }
  };
