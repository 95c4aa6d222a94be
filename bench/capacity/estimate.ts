import type { Measured } from './measured.ts';

/** What is asked for. Seconds; `replicas` is the number of copies of each partition. */
export type Demand = {
  readonly connections: number;
  readonly rebuildWithin: number;
  readonly changesPerSecond: number;
  readonly years: number;
  readonly replicas: number;
};

/** Rates in events/s, sizes in bytes, times in seconds. `warnings` say what the declared or measured limits do not allow. */
export type Estimate = {
  readonly events: number;
  readonly requiredRate: number;
  readonly instanceRate: number;
  readonly instances: number;
  readonly partitions: number;
  readonly storeBytes: number;
  readonly storeBytesDuringRebuild: number;
  readonly storeCores: number;
  readonly logBytes: number;
  readonly instanceBytes: number;
  readonly rebuildSeconds: number;
  readonly rebuildFromCrmSeconds: number;
  readonly refillSeconds: number;
  readonly warnings: readonly string[];
};

/** Measured rates are divided by it; sizes and times are multiplied by it. */
export const safetyFactor = 2;
/** One instance may fail while another one continues. */
const leastInstances = 2;
const secondsPerYear = 365 * 24 * 60 * 60;
const megabyte = 2 ** 20;

/**
 * Calculates what a roll-out needs. More connections never need fewer instances, because the rate of an instance is the lowest that
 * was measured with at most as many connections.
 * @param declaredPartitions of the topic
 */
export const estimateCapacity = (demand: Demand, measured: Measured, declaredPartitions: number): Estimate => {
  const { connections, rebuildWithin, changesPerSecond, years, replicas } = demand;
  const events = connections + changesPerSecond * secondsPerYear * years;
  const requiredRate = events / rebuildWithin + changesPerSecond;
  const points = pointsUpTo(connections, measured);
  const instanceRate = Math.min(measured.fill.eventsPerSecond, ...points.map(({ eventsPerSecond }) => eventsPerSecond));
  const instances = Math.max(leastInstances, Math.ceil((safetyFactor * requiredRate) / instanceRate));
  const storeBytes = safetyFactor * connections * measured.bytesPerKey;
  const storeMicroseconds = Math.max(...points.map(({ microseconds }) => microseconds.redis ?? 0));
  const megabytes = Math.max(...points.map((point) => (point.megabytes.app ?? 0) + (point.megabytes.daprd ?? 0)));
  const estimate = {
    events,
    requiredRate,
    instanceRate,
    instances,
    partitions: Math.max(declaredPartitions, instances),
    storeBytes,
    storeBytesDuringRebuild: 2 * storeBytes,
    storeCores: (safetyFactor * requiredRate * storeMicroseconds) / 1e6,
    logBytes: safetyFactor * events * measured.bytesPerEvent * replicas,
    instanceBytes: safetyFactor * megabytes * megabyte,
    rebuildSeconds: (safetyFactor * events) / measured.rebuild.eventsPerSecond,
    rebuildFromCrmSeconds: (safetyFactor * connections) / measured.rebuild.eventsPerSecond,
    refillSeconds: (safetyFactor * events) / (instances * instanceRate),
  };
  return { ...estimate, warnings: findLimits(estimate, demand, measured, declaredPartitions) };
};

/** The points with one instance, up to the first one that holds all connections. */
const pointsUpTo = (connections: number, { points }: Measured) => {
  const sorted = points.filter(({ instances }) => instances === 1).sort((one, other) => one.keys - other.keys);
  const enough = sorted.findIndex(({ keys }) => keys >= connections);
  return enough < 0 ? sorted : sorted.slice(0, enough + 1);
};

const findLimits = (
  estimate: Omit<Estimate, 'warnings'>,
  { connections, rebuildWithin }: Demand,
  { points }: Measured,
  declaredPartitions: number,
): string[] => {
  const most = Math.max(...points.map(({ keys }) => keys));
  const checks: [isLimit: boolean, text: string][] = [
    [
      estimate.instances > declaredPartitions,
      `The topic declares ${declaredPartitions} partitions, so at most ${declaredPartitions} instances share it: declare ${estimate.partitions} in contracts/topics.ts before the first event. With another number a key may move to another partition.`,
    ],
    [
      estimate.rebuildSeconds > rebuildWithin,
      'npm run rebuild is one process, which more instances do not speed up. A refill by the instances is within the time, but the view refuses meanwhile.',
    ],
    [
      estimate.storeCores > 1,
      'Redis executes commands on one core, and this needs more than one: divide the connections among several views.',
    ],
    [
      connections > most,
      `Measured with at most ${most.toLocaleString('en')} connections: beyond that it is an extrapolation.`,
    ],
  ];
  return checks.flatMap(([isLimit, text]) => (isLimit ? [text] : []));
};
