import { type MonotonicClock, monotonicClock } from '../runtime/lease.ts';
import { createSerialQueue } from '../runtime/serial-queue.ts';
import { sleep } from '../runtime/sleep.ts';
import type { LogReader } from './log-reader.ts';

type Time = { readonly clock: MonotonicClock; readonly sleep: typeof sleep };
const realTime: Time = { clock: monotonicClock, sleep };

/**
 * Wraps a log reader so that it handles one batch at a time and then pauses for as long as the batch took. This leaves
 * at least half of the machine to the live view.
 */
export const throttleLog = (log: LogReader, time = realTime): LogReader => ({
  offsets: log.offsets,
  read: (topic, ranges, handle, signal) => {
    const queue = createSerialQueue();
    const handleAndPause: typeof handle = async (batch) => {
      const startedAt = time.clock();
      await handle(batch);
      await time.sleep(time.clock() - startedAt, signal);
    };
    return log.read(topic, ranges, (batch) => queue(() => handleAndPause(batch)), signal);
  },
});

/** Pauses after each page for as long as its processing took. */
export const throttlePages = async function* <Page>(pages: AsyncIterable<Page>, time = realTime): AsyncGenerator<Page> {
  for await (const page of pages) {
    const startedAt = time.clock();
    yield page;
    await time.sleep(time.clock() - startedAt, undefined);
  }
};
