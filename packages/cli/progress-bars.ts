import type { PartitionRange } from '../projections/log-reader.ts';

type Output = { readonly isTTY?: boolean; write(text: string): unknown };

const redrawEveryMs = 200;
const lineEveryMs = 5_000;
const barWidth = 24;

/**
 * How far a passage through a log is: at a terminal a bar per partition, elsewhere a line every few seconds; with events
 * per second and the time that is left.
 */
export const progressBars = (out: Output) => {
  let what = '';
  let ranges: readonly PartitionRange[] = [];
  let startedAt = 0;
  let drawn = 0;
  let timer: NodeJS.Timeout | undefined;
  const done = new Map<number, { next: number; events: number }>();

  const line = (name: string, own: readonly PartitionRange[]) => {
    const seconds = (performance.now() - startedAt) / 1000;
    const sum = (of: (range: PartitionRange) => number) => own.reduce((total, range) => total + of(range), 0);
    const all = sum(({ begin, end }) => end - begin);
    const passed = sum(({ partition, begin }) => (done.get(partition)?.next ?? begin) - begin);
    const rate = sum(({ partition }) => done.get(partition)?.events ?? 0) / Math.max(seconds, 0.001);
    const share = all === 0 ? 1 : passed / all;
    const bar = '█'.repeat(Math.round(share * barWidth)).padEnd(barWidth, '░');
    const left = passed === all ? 'done' : rate === 0 ? '…' : `${Math.ceil((all - passed) / rate)} s left`;
    const figures = `${passed.toLocaleString('en')} of ${all.toLocaleString('en')}, ${Math.round(rate).toLocaleString('en')}/s, ${left}`;
    return `${name} ${out.isTTY ? bar : ''} ${Math.floor(share * 100)} %  ${figures}`.replace(/ {2,}/g, '  ');
  };
  const draw = () => {
    if (ranges.every(({ begin, end }) => begin === end)) return;
    if (!out.isTTY) return void out.write(`${line(what, ranges)}\n`);
    const lines = ranges.map((range) => `\x1b[2K${line(`${what} partition ${range.partition}`, [range])}\n`);
    out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}${lines.join('')}`);
    drawn = lines.length;
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
  };

  return {
    begin: (name: string, of: readonly PartitionRange[]) => {
      [what, ranges, startedAt, drawn] = [name, of, performance.now(), 0];
      done.clear();
      stop();
      timer = setInterval(draw, out.isTTY ? redrawEveryMs : lineEveryMs);
      timer.unref();
    },
    advance: (partition: number, next: number, events: number) => {
      done.set(partition, { next, events: (done.get(partition)?.events ?? 0) + events });
    },
    end: () => {
      stop();
      draw();
    },
    /** Where something fails in between. */
    stop,
  };
};
