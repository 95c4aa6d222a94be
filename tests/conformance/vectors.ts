import { readdirSync, readFileSync } from 'node:fs';

export type Place = readonly [partition: number, offset: number];
export type VectorRecord = {
  readonly offset: number;
  readonly timestamp?: number;
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly value?: string;
  readonly text?: string;
  readonly base64?: string;
  readonly tombstone?: true;
};
export type VectorPartition = {
  readonly begin?: number;
  readonly end?: number;
  readonly records: readonly VectorRecord[];
};
export type Answer = { readonly connectionMandate: string; readonly revision: number } | { readonly refusal: string };
export type Outcome = {
  readonly view: string;
  readonly connections: Readonly<Record<string, Answer>>;
  readonly deadLetters: readonly Place[];
};
export type VectorCase = {
  readonly name: string;
  readonly anyOrder?: true;
  readonly log: readonly VectorPartition[];
  readonly deliveries: readonly (readonly Place[])[];
  readonly committed?: Readonly<Record<string, number>>;
  readonly later?: readonly VectorPartition[];
  readonly expect: Outcome;
};
export type Vectors = {
  readonly description: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly cases: readonly VectorCase[];
};

export const conformanceFolder = new URL('../../contracts/conformance/', import.meta.url);

/** The vectors by theme, which is the name of their file without `.json`. */
export const readVectors = (): ReadonlyMap<string, Vectors> =>
  new Map(
    readdirSync(conformanceFolder)
      .filter((file) => file.endsWith('.json') && file !== 'vectors.schema.json')
      .map((file) => [file.replace('.json', ''), JSON.parse(readFileSync(new URL(file, conformanceFolder), 'utf8'))]),
  );

/**
 * The deliveries of a case in further orders: reversed, one by one, repeated, and `shuffles` times at random, each in the
 * given batches or record by record.
 */
export const otherOrders = (
  { deliveries }: VectorCase,
  random: () => number,
  shuffles: number,
): (readonly (readonly Place[])[])[] => {
  const all = deliveries.flat();
  const oneByOne = (places: readonly Place[]) => places.map((place) => [place]);
  const shuffled = (places: readonly Place[]) =>
    places
      .map((place) => ({ place, rank: random() }))
      .sort((a, b) => a.rank - b.rank)
      .map(({ place }) => place);
  const randomly = Array.from({ length: shuffles }, () => shuffled([...all, ...all.filter(() => random() < 0.5)]));
  return [
    [all],
    oneByOne(all),
    [all.toReversed()],
    oneByOne(all.toReversed()),
    [[...all, ...all]],
    [...oneByOne(all), ...oneByOne(all)],
    ...randomly.flatMap((places) => [[places], oneByOne(places)]),
  ];
};
