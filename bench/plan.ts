import type { Work } from './work.ts';

/** How large each scenario's work is and how often it is repeated; `boxSeconds` is what one contestant may take of it. */
export type Plan = {
  repeats: number;
  boxSeconds: number;
  many: Work;
  labWay: Work;
  distinct: Work;
  mysqlMany: Work;
  mysqlDistinct: Work;
  visibleSeconds: number;
  querySeconds: number;
  takeovers: number;
  memory: Work;
};

const manyKeys = 20_000;

export const planOf = (quick: boolean, seed: number): Plan => {
  const changes = (events: number): Work => ({ seed, events, keys: manyKeys });
  const distinct = (events: number): Work => ({ seed, events, keys: events });
  const memory = distinct(5_000_000);
  if (quick)
    return {
      repeats: 3,
      boxSeconds: 20,
      many: changes(200_000),
      labWay: changes(8_000),
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
    boxSeconds: 240,
    many: changes(1_000_000),
    labWay: changes(40_000),
    distinct: distinct(500_000),
    mysqlMany: changes(200_000),
    mysqlDistinct: distinct(100_000),
    visibleSeconds: 20,
    querySeconds: 15,
    takeovers: 3,
    memory,
  };
};
