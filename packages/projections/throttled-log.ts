import { createSerialQueue } from '../runtime/serial-queue.ts';
import { sleep } from '../runtime/sleep.ts';
import type { LogReader } from './log-reader.ts';

/**
 * Hands on one batch at a time and rests after each for as long as it took, so that most of the machine is left to the
 * requests that the live view answers meanwhile.
 */
export const throttledLog = (log: LogReader): LogReader => ({
  offsets: log.offsets,
  read: (topic, ranges, handle, signal) => {
    const afterOthers = createSerialQueue();
    const handleAndRest: typeof handle = async (batch) => {
      const startedAt = performance.now();
      await handle(batch);
      await sleep(performance.now() - startedAt, signal);
    };
    return log.read(topic, ranges, (batch) => afterOthers(() => handleAndRest(batch)), signal);
  },
});

/** Rests after each page in the same way. */
export const throttledPages = async function* <Page>(pages: AsyncIterable<Page>): AsyncGenerator<Page> {
  for await (const page of pages) {
    const startedAt = performance.now();
    yield page;
    await sleep(performance.now() - startedAt, undefined);
  }
};
