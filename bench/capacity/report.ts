import { type Demand, type Estimate, safetyFactor } from './estimate.ts';
import type { Measured } from './measured.ts';

const whole = (value: number) => Math.ceil(value).toLocaleString('en');

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
/** Rounds up to two digits or more, as 1.6 GiB. */
export const formatBytes = (bytes: number): string => {
  const unit = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log2(bytes) / 10)));
  const value = bytes / 1_024 ** unit;
  return `${value < 10 ? (Math.ceil(value * 10) / 10).toFixed(1) : whole(value)} ${units[unit]}`;
};

/** Rounds up, as 45 s, 12 min or 1.5 h. */
export const formatTime = (seconds: number): string => {
  if (seconds <= 90) return `${whole(seconds)} s`;
  if (seconds < 60 * 60) return `${whole(seconds / 60)} min`;
  return `${(Math.ceil(seconds / 360) / 10).toLocaleString('en')} h`;
};

/** A time that was given, without rounding: 100 s, 90 min or 1 h. */
export const formatGivenTime = (seconds: number): string => {
  const [size, unit] = (
    [
      [86_400, 'd'],
      [3_600, 'h'],
      [60, 'min'],
    ] as const
  ).find(([one]) => seconds % one === 0) ?? [1, 's'];
  return `${(seconds / size).toLocaleString('en')} ${unit}`;
};

const formatRate = (rate: number): string =>
  rate < 10 ? rate.toLocaleString('en', { maximumSignificantDigits: 2 }) : whole(rate);

/** A rate that was given has at most six decimals, and is not rounded; the default is a quotient. */
export const formatGivenRate = (rate: number): string =>
  Number(rate.toFixed(6)) === rate ? rate.toLocaleString('en', { maximumFractionDigits: 6 }) : formatRate(rate);

const formatNumber = (number: number, noun: string): string =>
  `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;

/** A row for each figure, with its formula in words. */
export const formatEstimate = (
  { connections, rebuildWithin, changesPerSecond, years, replicas }: Demand,
  estimate: Estimate,
  measured: Measured,
): { what: string; estimate: string; how: string }[] => {
  const log = `${formatNumber(connections, 'connection')}, and ${formatGivenRate(changesPerSecond)} ${changesPerSecond === 1 ? 'change' : 'changes'}/s during ${formatNumber(years, 'year')}`;
  const rebuildRate = formatRate(measured.rebuild.eventsPerSecond);
  const row = (what: string, value: string, how: string) => ({ what, estimate: value, how });
  return [
    row('events in the log', whole(estimate.events), log),
    row(
      'events to take in',
      `${formatRate(estimate.requiredRate)}/s`,
      `all of them within ${formatGivenTime(rebuildWithin)}, and the changes meanwhile`,
    ),
    row(
      'rate of an instance',
      `${formatRate(estimate.instanceRate)}/s`,
      `the lowest measured${estimate.efficiency < 1 ? `, × ${estimate.efficiency.toFixed(2)}, because several need more CPU time for an event than one` : ''}`,
    ),
    row(
      'instances',
      whole(estimate.instances),
      `${safetyFactor} × the events to take in / this rate; at least 2, because one may fail`,
    ),
    row('partitions', whole(estimate.partitions), 'one for each instance, and at least as many as the topic declares'),
    row(
      'memory of an instance',
      formatBytes(estimate.instanceBytes),
      `${safetyFactor} × the measured peak of service and sidecar`,
    ),
    row(
      'memory of the store',
      formatBytes(estimate.storeBytes),
      `${safetyFactor} × ${whole(measured.bytesPerKey)} bytes a connection`,
    ),
    row('… during a rebuild', formatBytes(estimate.storeBytesDuringRebuild), 'two generations'),
    row(
      'CPU of the store',
      `${estimate.storeCores.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })} cores`,
      `${safetyFactor} × the events to take in × the measured time of one; Redis uses one core`,
    ),
    row(
      'disk of Kafka',
      formatBytes(estimate.logBytes),
      `${safetyFactor} × the events × ${whole(measured.bytesPerEvent)} bytes × ${formatNumber(replicas, 'replica')}`,
    ),
    row(
      'npm run rebuild -- --full-speed',
      formatTime(estimate.rebuildSeconds),
      `${safetyFactor} × the events / ${rebuildRate} events/s; the view answers meanwhile. Throttled, the default, it takes longer`,
    ),
    row(
      'refill by the instances',
      formatTime(estimate.refillSeconds),
      `${safetyFactor} × the events / the rate of all instances, or of one core of Redis; the view refuses meanwhile`,
    ),
  ];
};
