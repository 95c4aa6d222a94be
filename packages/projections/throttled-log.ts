import { inTurn } from '../runtime/in-turn.ts';
import { type MonotonicClock, monotonicClock } from '../runtime/lease.ts';
import { sleep } from '../runtime/sleep.ts';
import type { LogReader } from './log-reader.ts';

type Time = { readonly clock: MonotonicClock; readonly sleep: typeof sleep };
const realTime: Time = { clock: monotonicClock, sleep };

/**
 * Hands on one batch at a time and rests after each for as long as it took, so that most of the machine is left to the
 * requests that the live view answers meanwhile.
 */
export const throttledLog = (log: LogReader, time = realTime): LogReader => ({
  offsets: log.offsets,
  read: (topic, ranges, handle, signal) => {
    const afterOthers = inTurn();
    const handleAndRest: typeof handle = async (batch) => {
      const startedAt = time.clock();
      await handle(batch);
      await time.sleep(time.clock() - startedAt, signal);
    };
    return log.read(topic, ranges, (batch) => afterOthers(() => handleAndRest(batch)), signal);
  },
});

/** Rests after each page in the same way. */
export const throttledPages = async function* <Page>(
  pages: AsyncIterable<Page>,
  time = realTime,
): AsyncGenerator<Page> {
  for await (const page of pages) {
    const startedAt = time.clock();
    yield page;
    await time.sleep(time.clock() - startedAt, undefined);
  }
};
