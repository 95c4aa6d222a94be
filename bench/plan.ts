import type { Work } from './work.ts';

/** The size of each scenario's work and the number of runs. A subject starts no further run after `maxSecondsPerSubject`. */
export type Plan = {
  repeats: number;
  maxSecondsPerSubject: number;
  many: Work;
  labSubscriber: Work;
  distinct: Work;
  mysqlMany: Work;
  mysqlDistinct: Work;
  visibleSeconds: number;
  querySeconds: number;
  takeovers: number;
  memory: Work;
};

const manyKeys = 20_000;

export const createPlan = (quick: boolean, seed: number): Plan => {
  const changes = (events: number): Work => ({ seed, events, keys: manyKeys });
  const distinct = (events: number): Work => ({ seed, events, keys: events });
  const memory = distinct(5_000_000);
  if (quick)
    return {
      repeats: 3,
      maxSecondsPerSubject: 20,
      many: changes(200_000),
      labSubscriber: changes(8_000),
      distinct: distinct(80_000),
      mysqlMany: changes(40_000),
      mysqlDistinct: distinct(20_000),
      visibleSeconds: 4,
      querySeconds: 3,
      takeovers: 1,
      memory,
    };
  return {
    repeats: 3,
    maxSecondsPerSubject: 240,
    many: changes(1_000_000),
    labSubscriber: changes(40_000),
    distinct: distinct(500_000),
    mysqlMany: changes(200_000),
    mysqlDistinct: distinct(100_000),
    visibleSeconds: 20,
    querySeconds: 15,
    takeovers: 3,
    memory,
  };
};
