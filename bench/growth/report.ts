import { readFileSync, writeFileSync } from 'node:fs';
import type { Measured, Point } from '../capacity/measured.ts';
import { writeMeasured } from '../capacity/measured.ts';
import { drawPlot } from '../report/plot.ts';
import { formatFigure, formatMarkdownTable } from '../report/table.ts';

const whole = (value: number) => Math.round(value).toLocaleString('en');
const processes = ['app', 'daprd', 'redis', 'kafka'];

const cpuOf = ({ microseconds }: Point): number => Object.values(microseconds).reduce((sum, one) => sum + one, 0);

/** A row for each point. */
export const formatPoints = (points: readonly Point[]): Record<string, string>[] =>
  points.map((point) => ({
    connections: whole(point.keys),
    instances: String(point.instances),
    'events/s': whole(point.eventsPerSecond),
    'CPU, µs per event': formatFigure(cpuOf(point)),
    'of these: service / sidecar / Redis / Kafka': processes
      .map((name) => (point.microseconds[name] ?? 0).toFixed(1))
      .join(' / '),
    'MiB: services / sidecars': `${whole(point.megabytes.app ?? 0)} / ${whole(point.megabytes.daprd ?? 0)}`,
    'MiB: data in Redis': whole(point.megabytes.redis ?? 0),
  }));

/** The sentences above the table. */
export const describeWork = ({ changes, rounds }: Measured): string =>
  `Each row: ${whole(changes)} changes of random connections, in the default configuration, ${
    rounds === 1 ? 'measured once' : `the middle of ${rounds} runs in turns, the slower one where there are two`
  }.`;

/** The sentences below the table. */
export const describeConstants = ({ fill, rebuild, bytesPerKey, bytesPerEvent }: Measured): string =>
  `One instance fills an empty view with ${whole(fill.eventsPerSecond)} events/s (${whole(fill.events)} connections, one event each), and
\`npm run rebuild -- --full-speed\` fills a generation with ${whole(rebuild.eventsPerSecond)} events/s. A connection uses ${whole(bytesPerKey)} bytes of Redis, an event
${whole(bytesPerEvent)} bytes of the log on disk.`;

const [begin, end] = ['<!-- growth -->', '<!-- end of growth -->'];

/** Replaces the text between the markers of the document. @throws Error without its markers */
export const insertGrowth = (document: string, measured: Measured): string => {
  const [from, to] = [document.indexOf(begin), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/performance.md lacks the markers ${begin} and ${end}`);
  const text = [
    `\`${measured.command}\` on ${measured.date}: ${measured.machine}. ${describeWork(measured)}`,
    formatMarkdownTable(formatPoints(measured.points)),
    describeConstants(measured),
  ].join('\n\n');
  return `${document.slice(0, from + begin.length)}\n${text}\n${document.slice(to)}`;
};

/** The CPU time of an event of each point, as SVG. */
export const drawGrowth = ({ points }: Measured): string => {
  const bars = points.map((point) => ({
    label: `${whole(point.keys)} connections, ${point.instances} instance${point.instances === 1 ? '' : 's'}`,
    values: [cpuOf(point)],
    isOurs: true,
  }));
  return drawPlot('CPU µs per event, in all processes', bars);
};

/** Writes the constants of npm run capacity, and the table and the plot of docs/performance.md. */
export const writeReport = (measured: Measured): void => {
  const document = insertGrowth(readFileSync('docs/performance.md', 'utf8'), measured);
  writeMeasured(measured);
  writeFileSync('docs/performance.md', document);
  writeFileSync('docs/growth.svg', drawGrowth(measured));
};
