import { type Demand, type Estimate, safetyFactor } from './estimate.ts';
import type { Measured } from './measured.ts';

const whole = (value: number) => Math.ceil(value).toLocaleString('en');

const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];
/** Rounds up to two digits or more, as 1.6 GB; a kilobyte has 1,024 bytes. */
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

const formatRate = (rate: number): string => (rate < 10 ? String(Number(rate.toPrecision(2))) : whole(rate));

/** A row for each figure, with its formula in words. */
export const formatEstimate = (
  { connections, rebuildWithin, changesPerSecond, years, replicas }: Demand,
  estimate: Estimate,
  measured: Measured,
): { what: string; estimate: string; how: string }[] => {
  const log = `${whole(connections)} connections, and ${formatRate(changesPerSecond)} changes/s during ${years} ${years === 1 ? 'year' : 'years'}`;
  const rebuildRate = formatRate(measured.rebuild.eventsPerSecond);
  const row = (what: string, value: string, how: string) => ({ what, estimate: value, how });
  return [
    row('events in the log', whole(estimate.events), log),
    row(
      'events to take in',
      `${formatRate(estimate.requiredRate)}/s`,
      `all of them within ${formatTime(rebuildWithin)}, and the changes meanwhile`,
    ),
    row(
      'instances',
      whole(estimate.instances),
      `${safetyFactor} × this rate / ${formatRate(estimate.instanceRate)} events/s of one; at least 2, because one may fail`,
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
      `${estimate.storeCores.toFixed(2)} cores`,
      `${safetyFactor} × the rate × the measured time of an event; Redis uses one core`,
    ),
    row(
      'disk of Kafka',
      formatBytes(estimate.logBytes),
      `${safetyFactor} × the events × ${whole(measured.bytesPerEvent)} bytes × ${replicas} replicas`,
    ),
    row(
      'npm run rebuild',
      formatTime(estimate.rebuildSeconds),
      `${safetyFactor} × the events / ${rebuildRate} events/s; the view answers meanwhile`,
    ),
    row('… --from-crm', formatTime(estimate.rebuildFromCrmSeconds), 'the same with one event for each connection'),
    row(
      'refill by the instances',
      formatTime(estimate.refillSeconds),
      `${safetyFactor} × the events / the rate of all instances; the view refuses meanwhile`,
    ),
  ];
};
