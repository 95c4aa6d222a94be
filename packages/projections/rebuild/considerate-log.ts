import { inTurn } from '../../runtime/in-turn.ts';
import { pause } from '../../runtime/pause.ts';
import type { LogReader } from '../log-reader.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * Hands on one piece at a time, and rests after each for as long as it took: whoever works with it leaves most of the
 * machine to those who ask the live view meanwhile.
 */
export const considerate = (log: LogReader): LogReader => ({
  offsets: log.offsets,
  read: (topic, ranges, handle, signal) => {
    const afterOthers = inTurn();
    const handleAndRest: typeof handle = async (batch) => {
      const startedAt = performance.now();
      await handle(batch);
      await pause(performance.now() - startedAt, signal);
    };
    return log.read(topic, ranges, (batch) => afterOthers(() => handleAndRest(batch)), signal);
  },
});

/** Rests after each page in the same way. */
export const considerateSnapshot = <Event>(snapshot: Snapshot<Event>): Snapshot<Event> => ({
  ...snapshot,
  pages: async function* (after) {
    for await (const page of snapshot.pages(after)) {
      const startedAt = performance.now();
      yield page;
      await pause(performance.now() - startedAt, undefined);
    }
  },
});
