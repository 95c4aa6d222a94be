import type { Progress } from '../../../projections/rebuild/index.ts';
import { type MonotonicClock, monotonicClock } from '../../../runtime/lease.ts';

/** How far a step is, in offsets of the log. */
export type ShownProgress = {
  step: string | null;
  done: number | null;
  total: number | null;
  secondsLeft: number | null;
};

export const unknownProgress: ShownProgress = { step: null, done: null, total: null, secondsLeft: null };

/** The progress of a rebuild, to be shown on request. `onBegin` is called at the first step, when nothing can refuse the rebuild any more. */
export const createShownProgress = (
  onBegin: () => void,
  clock: MonotonicClock = monotonicClock,
): Progress & { show(): ShownProgress } => {
  let step: string | null = null;
  let startedAt = 0;
  const parts = new Map<number, { begin: number; next: number; end: number }>();
  const sum = (of: (part: { begin: number; next: number; end: number }) => number) =>
    [...parts.values()].reduce((all, part) => all + of(part), 0);
  return {
    begin: (what, ranges) => {
      step = what;
      startedAt = clock();
      parts.clear();
      for (const { partition, begin, end } of ranges) parts.set(partition, { begin, next: begin, end });
      onBegin();
    },
    advance: (partition, next) => {
      const part = parts.get(partition);
      if (part) parts.set(partition, { ...part, next });
    },
    end: () => {
      for (const [partition, part] of parts) parts.set(partition, { ...part, next: part.end });
    },
    show: () => {
      if (step === null) return unknownProgress;
      const [done, total] = [sum(({ begin, next }) => next - begin), sum(({ begin, end }) => end - begin)];
      const seconds = (clock() - startedAt) / 1000;
      const secondsLeft = done === 0 ? null : Math.ceil((seconds * (total - done)) / done);
      return { step, done, total, secondsLeft };
    },
  };
};
