import type { Options } from './options.ts';
import type { Work } from './work.ts';

/** The size of each scenario's work and the number of runs. A subject starts no further run after `maxSecondsPerSubject`. */
export type Plan = {
  seed: number;
  repeats: number;
  maxSecondsPerSubject: number;
  many: Work;
  labSubscriber: Work;
  distinct: Work;
  mysqlMany: Work;
  mysqlDistinct: Work;
  visibleSeconds: number;
  querySeconds: number;
  query: Work;
  takeovers: number;
  importRows: number;
  importRuns: number;
  rebuild: Work;
  rebuilds: number;
  memory: Work;
};

const manyKeys = 20_000;

/** With `quick`, two versions are measured once, and one version twice, so that both stay below six minutes. */
export const createPlan = ({ quick, seed, compare }: Pick<Options, 'quick' | 'seed' | 'compare'>): Plan => {
  const changes = (events: number): Work => ({ seed, events, keys: manyKeys });
  const distinct = (events: number): Work => ({ seed, events, keys: events });
  const memory = distinct(5_000_000);
  if (quick)
    return {
      seed,
      repeats: compare === undefined ? 2 : 1,
      maxSecondsPerSubject: 20,
      many: changes(200_000),
      labSubscriber: changes(5_000),
      distinct: distinct(80_000),
      mysqlMany: changes(40_000),
      mysqlDistinct: distinct(10_000),
      visibleSeconds: 4,
      querySeconds: 3,
      query: distinct(30_000),
      takeovers: 1,
      importRows: 10_000,
      importRuns: 1,
      rebuild: distinct(40_000),
      rebuilds: 1,
      memory,
    };
  return {
    seed,
    repeats: 3,
    maxSecondsPerSubject: 240,
    many: changes(600_000),
    labSubscriber: changes(20_000),
    distinct: distinct(600_000),
    mysqlMany: changes(200_000),
    mysqlDistinct: distinct(60_000),
    visibleSeconds: 10,
    querySeconds: 10,
    query: distinct(100_000),
    takeovers: 3,
    importRows: 200_000,
    importRuns: 2,
    rebuild: distinct(300_000),
    rebuilds: 2,
    memory,
  };
};
