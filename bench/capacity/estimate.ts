import type { Measured, Point } from './measured.ts';

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
  /** Of one instance among several. */
  readonly instanceRate: number;
  /** The CPU time of an event with one instance, divided by that with several: 1 when instances add up without a loss. */
  readonly efficiency: number;
  readonly instances: number;
  readonly partitions: number;
  readonly storeBytes: number;
  readonly storeBytesDuringRebuild: number;
  readonly storeCores: number;
  readonly logBytes: number;
  readonly instanceBytes: number;
  /** At full speed. */
  readonly rebuildSeconds: number;
  readonly refillSeconds: number;
  readonly warnings: readonly string[];
};

/** Measured rates are divided by it; sizes and times are multiplied by it. */
export const safetyFactor = 2;
/** What the estimate takes as given. */
export const assumptions =
  'the default components with Redis, instances that add up linearly on their own cores, and only the mandates topic in Kafka';
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
  const efficiency = efficiencyOf(measured);
  const rateAlone = Math.min(measured.fill.eventsPerSecond, ...points.map(({ eventsPerSecond }) => eventsPerSecond));
  const instanceRate = efficiency * rateAlone;
  const instances = Math.max(leastInstances, Math.ceil((safetyFactor * requiredRate) / instanceRate));
  const storeBytes = safetyFactor * connections * measured.bytesPerKey;
  const storeMicroseconds = Math.max(...points.map(({ microseconds }) => microseconds.redis ?? 0));
  const megabytes = Math.max(...points.map((point) => (point.megabytes.app ?? 0) + (point.megabytes.daprd ?? 0)));
  const estimate = {
    events,
    requiredRate,
    instanceRate,
    efficiency,
    instances,
    partitions: Math.max(declaredPartitions, instances),
    storeBytes,
    storeBytesDuringRebuild: 2 * storeBytes,
    storeCores: (safetyFactor * requiredRate * storeMicroseconds) / 1e6,
    logBytes: safetyFactor * events * measured.bytesPerEvent * replicas,
    instanceBytes: safetyFactor * megabytes * megabyte,
    rebuildSeconds: (safetyFactor * events) / measured.rebuild.eventsPerSecond,
    refillSeconds: (safetyFactor * events) / Math.min(instances * instanceRate, 1e6 / storeMicroseconds),
  };
  return { ...estimate, warnings: findLimits(estimate, demand, measured, declaredPartitions) };
};

/** The points with one instance, up to the first one that holds all connections. */
const pointsUpTo = (connections: number, { points }: Measured) => {
  const sorted = points.filter(({ instances }) => instances === 1).sort((one, other) => one.keys - other.keys);
  const enough = sorted.findIndex(({ keys }) => keys >= connections);
  return enough < 0 ? sorted : sorted.slice(0, enough + 1);
};

/** The lowest share of the CPU time of service and sidecar that several instances do not lose, at the same number of connections. */
const efficiencyOf = ({ points }: Measured): number => {
  const cpuOf = ({ microseconds }: Point) => (microseconds.app ?? 0) + (microseconds.daprd ?? 0);
  const alone = points.filter(({ instances }) => instances === 1);
  const several = points.filter(({ instances }) => instances > 1);
  const shares = several.flatMap((point) =>
    alone.filter(({ keys }) => keys === point.keys).map((one) => cpuOf(one) / cpuOf(point)),
  );
  return Math.min(1, ...shares);
};

const findLimits = (
  estimate: Omit<Estimate, 'warnings'>,
  { connections, rebuildWithin }: Demand,
  { points }: Measured,
  declaredPartitions: number,
): string[] => {
  const mostKeys = Math.max(...points.map(({ keys }) => keys));
  const mostInstances = Math.max(leastInstances, ...points.map(({ instances }) => instances));
  const fitsStore = estimate.storeCores <= 1;
  const refill = ' A refill by the instances is within the time, but the view refuses meanwhile.';
  const checks: [isLimit: boolean, text: string][] = [
    [
      estimate.instances > declaredPartitions,
      `The topic declares ${whole(declaredPartitions)} partitions, so at most ${whole(declaredPartitions)} instances share it: declare ${whole(estimate.partitions)} in contracts/topics.ts before the first event. With another number a key may move to another partition.`,
    ],
    [
      estimate.rebuildSeconds > rebuildWithin,
      `npm run rebuild is one process, which more instances do not speed up: it takes longer than the given time.${fitsStore ? refill : ''}`,
    ],
    [
      !fitsStore,
      'Redis executes commands on one core, and this needs more than one. More instances do not change that: only more time, or fewer changes.',
    ],
    [
      connections > mostKeys,
      `Measured with at most ${whole(mostKeys)} connections: beyond that it is an extrapolation.`,
    ],
    [
      estimate.instances > mostInstances,
      `Measured with at most ${whole(mostInstances)} instances: beyond that it is an extrapolation.`,
    ],
  ];
  return checks.flatMap(([isLimit, text]) => (isLimit ? [text] : []));
};

const whole = (value: number) => value.toLocaleString('en');
