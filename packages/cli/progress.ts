import type { PartitionRange } from '../projections/log-reader.ts';

type Output = { readonly isTTY?: boolean; write(text: string): unknown };

/** The progress of one part. `done` and `total` share any unit; the rate counts `count`, by default `done`. */
export type Part = {
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly count?: number;
  /** The unit of `count`, for example rows. Without it a line shows `done` of `total`. */
  readonly unit?: string;
};

const redrawIntervalMs = 200;
const lineIntervalMs = 5_000;
const barWidth = 24;

/** Formats a number with thousands separators, for example 12,345. */
export const formatCount = (number: number): string => number.toLocaleString('en');

/** Formats name, bar (at a terminal), share, amount, rate, and time left at that rate. */
export const formatProgress = (part: Part, { seconds, isTTY }: { seconds: number; isTTY: boolean }): string => {
  const { name, done, total, unit } = part;
  const counted = part.count ?? done;
  const share = total > 0 ? Math.min(done / total, 1) : 1;
  const bar = isTTY ? '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '░') : '';
  const amount = unit ? `${formatCount(counted)} ${unit}` : `${formatCount(done)} of ${formatCount(total)}`;
  const rate = `${formatCount(Math.round(counted / Math.max(seconds, 0.001)))}${unit ? ` ${unit}` : ''}/s`;
  const left = share === 1 ? 'done' : share === 0 ? '…' : `${formatDuration((seconds * (1 - share)) / share)} left`;
  return `${name} ${bar} ${Math.floor(share * 100)} %  ${amount}, ${rate}, ${left}`.replace(/ {2,}/g, '  ').trimStart();
};

const formatDuration = (seconds: number): string =>
  seconds < 60 ? `${Math.ceil(seconds)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;

/**
 * Prints progress: at a terminal one line per part, redrawn in place; elsewhere one line every few seconds for all parts. `begin` starts
 * a step, `update` sets the state of its parts, `end` prints the last state.
 */
export const createProgress = (out: Output) => {
  let title = '';
  let parts: readonly Part[] = [];
  let startedAt = 0;
  let drawnLines = 0;
  let timer: NodeJS.Timeout | undefined;

  const draw = () => {
    if (parts.every(({ total }) => total === 0)) return;
    const seconds = (performance.now() - startedAt) / 1000;
    if (!out.isTTY) return void out.write(`${formatProgress(sumParts(title, parts), { seconds, isTTY: false })}\n`);
    const lines = parts.map((part) => `\x1b[2K${formatProgress(part, { seconds, isTTY: true })}\n`);
    out.write(`${drawnLines > 0 ? `\x1b[${drawnLines}A` : ''}${lines.join('')}`);
    drawnLines = lines.length;
  };
  /** Stops without a last line, for example after a failure. */
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    begin: (name: string) => {
      [title, parts, startedAt, drawnLines] = [name, [], performance.now(), 0];
      stop();
      timer = setInterval(draw, out.isTTY ? redrawIntervalMs : lineIntervalMs);
      timer.unref();
    },
    update: (now: readonly Part[]) => {
      parts = now;
    },
    end: () => {
      if (!timer) return;
      stop();
      draw();
    },
    stop,
  };
};

const sumParts = (name: string, parts: readonly Part[]): Part => {
  const total = (of: (part: Part) => number) => parts.reduce((all, part) => all + of(part), 0);
  const [first] = parts;
  return {
    name,
    done: total(({ done }) => done),
    total: total((part) => part.total),
    count: total((part) => part.count ?? part.done),
    ...(first?.unit && { unit: first.unit }),
  };
};

/** Prints the progress of reading a log, per partition. `advance` counts the events up to the offset `next`. */
export const createLogProgress = (out: Output) => {
  const progress = createProgress(out);
  const parts = new Map<number, Part & { begin: number }>();
  return {
    begin: (name: string, ranges: readonly PartitionRange[]) => {
      parts.clear();
      for (const { partition, begin, end } of ranges)
        parts.set(partition, { name: `${name} partition ${partition}`, done: 0, total: end - begin, count: 0, begin });
      progress.begin(name);
      progress.update([...parts.values()]);
    },
    advance: (partition: number, next: number, events: number) => {
      const part = parts.get(partition);
      if (!part) return;
      parts.set(partition, { ...part, done: next - part.begin, count: (part.count ?? 0) + events });
      progress.update([...parts.values()]);
    },
    end: progress.end,
    stop: progress.stop,
  };
};
