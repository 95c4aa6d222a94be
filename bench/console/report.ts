import { median, quantile } from '../measure/statistics.ts';
import type { KeptUp, Load } from './keep-up.ts';

type Measured = {
  /** First contentful paint in ms of the first request after the start, and of each one after it. */
  readonly afterStart: number;
  readonly paints: readonly number[];
  readonly load: Load;
  readonly keptUp: KeptUp;
};

/** The figures of a run; times in ms. `null`: nothing had a time. */
export type Figures = ReturnType<typeof createFigures>;

const round = (value: number) => Math.round(value * 10) / 10;
const highest = (values: readonly number[]) => round(Math.max(0, ...values));

const summarise = (values: readonly number[]) =>
  values.length === 0
    ? null
    : { median: round(median(values)), p99: round(quantile(values, 0.99)), max: highest(values) };

/** The share of the rate that the log must get; with fewer events the goal would be easier. */
const lowestRate = 0.9;
const goals = { firstPaint: 1_000, delay: 1_000 };

export const createFigures = ({ afterStart, paints, load, keptUp }: Measured) => {
  const { events, eventsPerSecond, rows, leftOut, longTasks, frames } = keptUp;
  const delay = summarise(rows.map((row) => row.delay));
  const paint = {
    afterStart: round(afterStart),
    median: round(median(paints)),
    min: round(Math.min(...paints)),
    max: highest(paints),
  };
  return {
    firstPaint: { ...paint, runs: paints.length, isGoalReached: paint.median < goals.firstPaint },
    keepsUp: {
      ...load,
      events,
      eventsPerSecond: round(eventsPerSecond),
      rows: rows.length,
      leftOut,
      delay,
      longTasks: { count: longTasks.length, longest: highest(longTasks) },
      frames: {
        perSecond: round(frames.length / (frames.reduce((sum, ms) => sum + ms, 0) / 1_000)),
        longest: highest(frames),
      },
      isGoalReached:
        eventsPerSecond < lowestRate * load.perSecond
          ? null
          : rows.length === events && leftOut === 0 && delay !== null && delay.p99 < goals.delay,
    },
  };
};

const describe = (isReached: boolean | null) =>
  isReached === null
    ? 'not measured, because the log did not get the events at this rate'
    : isReached
      ? 'reached'
      : 'missed';

export const formatFigures = ({ firstPaint, keepsUp }: Figures): string => {
  const { delay, longTasks, frames } = keepsUp;
  const lines = [
    [
      'first contentful paint, cold cache',
      `${firstPaint.median} ms (${firstPaint.min} to ${firstPaint.max}, ${firstPaint.runs} runs)`,
      `< 1 s: ${describe(firstPaint.isGoalReached)}`,
    ],
    ['the same of the first request after the start, which bundles the page', `${firstPaint.afterStart} ms`, ''],
    [
      `${keepsUp.perSecond} events/s for ${keepsUp.seconds} s: events (and per second), those with a row, those left out`,
      `${keepsUp.events} (${keepsUp.eventsPerSecond}/s), ${keepsUp.rows}, ${keepsUp.leftOut}`,
      `all have a row within 1 s (99 %): ${describe(keepsUp.isGoalReached)}`,
    ],
    [
      'from the timestamp of an event to its row',
      delay ? `${delay.median} ms (99 %: ${delay.p99} ms, longest ${delay.max} ms)` : 'no event had a row',
      '',
    ],
    ['tasks above 50 ms', `${longTasks.count} (longest ${longTasks.longest} ms)`, ''],
    ['frames', `${frames.perSecond}/s (longest ${frames.longest} ms)`, ''],
  ];
  return ['| what | measured | goal |', '|---|---|---|', ...lines.map((cells) => `| ${cells.join(' | ')} |`)].join(
    '\n',
  );
};
