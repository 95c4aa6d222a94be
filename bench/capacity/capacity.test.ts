import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Demand, estimateCapacity, safetyFactor } from './estimate.ts';
import { type Measured, type Point, readMeasured } from './measured.ts';
import { formatBytes, formatEstimate, formatGivenRate, formatGivenTime, formatTime } from './report.ts';

const point = (keys: number, eventsPerSecond: number, instances = 1): Point => ({
  keys,
  instances,
  eventsPerSecond,
  microseconds: { app: 12, daprd: 14, redis: 10 },
  megabytes: { app: 300, daprd: 200, redis: 4 },
});
const measured: Measured = {
  date: '2026-11-26',
  machine: '2 cores',
  command: 'npm run bench:growth',
  changes: 600_000,
  rounds: 2,
  // A slow small view and a fast large one: measurements are not ordered.
  points: [point(10_000, 20_000), point(1_000_000, 10_000), point(10_000_000, 15_000), point(100_000, 30_000, 4)],
  fill: { events: 600_000, eventsPerSecond: 18_000 },
  rebuild: { events: 600_000, eventsPerSecond: 20_000 },
  bytesPerKey: 500,
  bytesPerEvent: 400,
};
const hour = 3_600;
const year = 365 * 24 * hour;
const demand: Demand = { connections: 1_000_000, rebuildWithin: hour, changesPerSecond: 0, years: 1, replicas: 3 };
const estimate = (changes: Partial<Demand>) => estimateCapacity({ ...demand, ...changes }, measured, 4);

describe('the estimated capacity', () => {
  it('is the measured rate divided by the safety factor', () => {
    const connections = 54_000_000;
    expect(safetyFactor).toBe(2);
    expect(estimate({ connections })).toMatchObject({ requiredRate: 15_000, instanceRate: 10_000, instances: 3 });
    expect(estimate({ connections, rebuildWithin: hour / 2 })).toMatchObject({ instances: 6, partitions: 6 });
  });

  it('is two instances at least, and as many partitions as the topic declares', () =>
    expect(estimate({ connections: 1 })).toMatchObject({ instances: 2, partitions: 4, warnings: [] }));

  it('multiplies memory and disk by the safety factor', () =>
    expect(estimate({ changesPerSecond: 1, years: 2 })).toMatchObject({
      events: 1_000_000 + 2 * year,
      storeBytes: 2 * 1_000_000 * 500,
      storeBytesDuringRebuild: 4 * 1_000_000 * 500,
      logBytes: 2 * (1_000_000 + 2 * year) * 400 * 3,
      instanceBytes: 2 * 500 * 2 ** 20,
    }));

  it('uses the slowest measured view that is not larger than needed', () => {
    expect(estimate({ connections: 10_000 }).instanceRate).toBe(18_000);
    expect(estimate({ connections: 10_001 }).instanceRate).toBe(10_000);
  });

  it('never needs less for more connections, more changes, or less time', () => {
    const figures = ['instances', 'partitions', 'storeBytes', 'storeCores', 'logBytes', 'instanceBytes'] as const;
    const demands = fc.record({
      connections: fc.integer({ min: 1, max: 10_000_000_000 }),
      rebuildWithin: fc.integer({ min: 1, max: 30 * 24 * hour }),
      changesPerSecond: fc.double({ min: 0, max: 1_000_000, noNaN: true }),
      years: fc.integer({ min: 0, max: 100 }),
      replicas: fc.integer({ min: 1, max: 9 }),
    });
    const more = fc.record({
      connections: fc.nat(10_000_000_000),
      changesPerSecond: fc.nat(1_000),
      seconds: fc.nat(86_400),
    });
    fc.assert(
      fc.property(demands, more, (one, extra) => {
        const larger = {
          ...one,
          connections: one.connections + extra.connections,
          changesPerSecond: one.changesPerSecond + extra.changesPerSecond,
          rebuildWithin: Math.max(1, one.rebuildWithin - extra.seconds),
        };
        const [before, after] = [estimateCapacity(one, measured, 4), estimateCapacity(larger, measured, 4)];
        for (const figure of figures) expect(after[figure]).toBeGreaterThanOrEqual(before[figure]);
      }),
    );
  });

  it('never has more instances than partitions, and refills within the time', () => {
    const sizes = [1, 4_000, 15_000_000, 400_000_000, 10_000_000_000];
    for (const connections of sizes) {
      const { instances, partitions, refillSeconds, storeCores } = estimate({ connections });
      expect(instances).toBeLessThanOrEqual(partitions);
      expect(refillSeconds <= hour).toBe(storeCores <= 1);
    }
  });

  it('divides the rate by the CPU time that several instances need more than one', () => {
    const several = { ...point(10_000, 25_000, 2), microseconds: { app: 20, daprd: 20, redis: 10 } };
    const cheaper = { ...point(10_000, 25_000, 4), microseconds: { app: 6, daprd: 6, redis: 10 } };
    const estimateWith = (...more: Point[]) =>
      estimateCapacity(demand, { ...measured, points: [...measured.points, ...more] }, 4);
    expect(estimateWith(several, cheaper)).toMatchObject({ efficiency: 0.65, instanceRate: 6_500 });
    expect(estimateWith(cheaper)).toMatchObject({ efficiency: 1, instanceRate: 10_000 });
  });

  it('refills no faster than one core of Redis', () =>
    expect(estimate({ changesPerSecond: 200_000, years: 0, rebuildWithin: hour }).refillSeconds).toBeCloseTo(20));
});

describe('the limits of an estimate', () => {
  const warningsOf = (changes: Partial<Demand>) => estimate(changes).warnings.join('\n');

  it('are the declared partitions of the topic', () => {
    expect(warningsOf({ connections: 70_000_000 })).not.toContain('partitions');
    expect(warningsOf({ connections: 80_000_000 })).toContain('declares 4 partitions, so at most 4 instances');
  });

  it('are the rate of one rebuild', () => {
    expect(warningsOf({ rebuildWithin: 100 })).not.toContain('one process');
    expect(warningsOf({ rebuildWithin: 99 })).toContain('npm run rebuild is one process');
  });

  it('are the one core of Redis', () => {
    expect(warningsOf({ changesPerSecond: 40_000, years: 0 })).not.toContain('Redis');
    expect(warningsOf({ changesPerSecond: 60_000, years: 0 })).toContain('Redis executes commands on one core');
  });

  it('do not promise a refill that Redis cannot take in', () => {
    expect(warningsOf({ rebuildWithin: 90 })).toContain('A refill by the instances is within the time');
    const beyond = warningsOf({ rebuildWithin: 19 });
    expect(beyond).toContain('npm run rebuild is one process');
    expect(beyond).toContain('Redis executes commands on one core');
    expect(beyond).not.toContain('refill');
  });

  it('are the measured numbers of instances', () => {
    expect(warningsOf({ connections: 72_000_000 })).not.toContain('instances: beyond');
    expect(warningsOf({ connections: 80_000_000 })).toContain('at most 4 instances: beyond that');
  });

  it('are the measured numbers of connections', () => {
    expect(warningsOf({ connections: 10_000_000 })).toBe('');
    expect(warningsOf({ connections: 10_000_001 })).toContain('at most 10,000,000 connections');
  });
});

describe('the printed estimate', () => {
  it('prints each figure with its formula', () => {
    const rows = formatEstimate(demand, estimate({}), measured);
    expect(rows).toContainEqual({
      what: 'memory of the store',
      estimate: '954 MiB',
      how: '2 × 500 bytes a connection',
    });
    expect(rows.every(({ how }) => how.length > 10)).toBe(true);
  });

  it('names the rebuild that was measured, and none that was not', () => {
    const rebuilds = formatEstimate(demand, estimate({}), measured).filter(({ what }) => what.includes(' --'));
    expect(rebuilds).toEqual([
      {
        what: 'npm run rebuild -- --full-speed',
        estimate: '2 min',
        how: expect.stringContaining('Throttled, the default, it takes longer'),
      },
    ]);
  });

  it('repeats what was given without rounding', () => {
    expect([60, 100, 5_400, 7_200, 172_800].map(formatGivenTime)).toEqual(['1 min', '100 s', '90 min', '2 h', '2 d']);
    expect([0, 12.5, 1_234.000001, 1 / 3, 1e-8 / 3].map(formatGivenRate)).toEqual([
      '0',
      '12.5',
      '1,234.000001',
      '0.33',
      '0.0000000033',
    ]);
    const one = { connections: 1, rebuildWithin: 100, changesPerSecond: 1, years: 1, replicas: 1 };
    const text = JSON.stringify(formatEstimate(one, estimate(one), measured));
    expect(text).toContain('1 connection, and 1 change/s during 1 year');
    expect(text).toContain('within 100 s');
    expect(text).toContain('× 1 replica');
    expect(text).not.toContain('1 replicas');
  });

  it('rounds sizes and times up', () => {
    expect([0.4, 1_023, 1_025, 10.2 * 2 ** 30, 3 * 2 ** 60].map(formatBytes)).toEqual([
      '0.4 bytes',
      '1,023 bytes',
      '1.1 KiB',
      '11 GiB',
      '3,072 PiB',
    ]);
    expect([0.2, 90, 91, 5_401].map(formatTime)).toEqual(['1 s', '90 s', '2 min', '1.6 h']);
  });

  it('reads the constants of the repository, which name date, machine and command', () =>
    expect(readMeasured()).toMatchObject({
      machine: expect.stringMatching(/\d+ cores/),
      command: expect.stringMatching(/^npm run bench:growth/),
    }));
});
