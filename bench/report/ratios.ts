import { median } from '../measure/statistics.ts';
import type { ScenarioId } from '../options.ts';
import type { Goal, Result } from '../result.ts';

/**
 * How many times better one figure is than another. With as many runs of both, which were in turns, there is a value for each run;
 * otherwise one, of the medians.
 */
export type Ratio = {
  readonly name: string;
  readonly what: string;
  readonly values: readonly number[];
  readonly goal?: Goal;
};

type Figure = `${ScenarioId}/${string}`;
type Declared = { name: string; what: string; figure: Figure; to: Figure; atLeast?: number };

const declared: readonly Declared[] = [
  ratio('fastToStreams', 'fast to Kafka Streams', 'redis-20k/ours-fast', 'redis-20k/streams', 0.7),
  ratio('fastToDirect', 'fast to kafkajs without Dapr', 'redis-20k/ours-fast', 'redis-20k/direct', 1),
  ratio('fourToStreams', 'four components to Kafka Streams', 'redis-20k/ours-four-components', 'redis-20k/streams'),
  ratio('defaultToStreams', 'default to Kafka Streams', 'redis-20k/ours-default', 'redis-20k/streams'),
  ratio('defaultToFast', 'default to fast', 'redis-20k/ours-default', 'redis-20k/ours-fast'),
  ratio('fastToLabWay', 'fast to the lab’s subscriber', 'redis-20k/ours-fast', 'lab-way/lab-way'),
  ratio('defaultToLabWay', 'default to the lab’s subscriber', 'redis-20k/ours-default', 'lab-way/lab-way'),
  ratio('distinctToStreams', 'distinct, fast to Kafka Streams', 'redis-distinct/ours-fast', 'redis-distinct/streams'),
  ratio('distinctToLabWay', 'distinct, fast to the lab’s subscriber', 'redis-distinct/ours-fast', 'lab-way/lab-way'),
  ratio('fastToConsumer', 'fast to Kafka’s own consumer', 'redis-20k/ours-fast', 'limits/consume'),
  ratio(
    'fourToComparedDefault',
    'four components to the compared default',
    'redis-20k/ours-four-components',
    'redis-20k/compared-default',
    2.5,
  ),
];

/** The goals of this version's figures over the same figures of the compared version. */
const goalsOverCompared: Record<string, number> = {
  'redis-20k/default': 1.5,
  'redis-distinct/fast': 1.5,
  'redis-distinct/default': 2,
  'rebuild/rate': 2,
  'query/rate': 1.3,
  'import/sqlite': 1.6,
  'import/mysql': 1.4,
  'mysql-20k/fast': 1,
  'mysql-20k/default': 1,
  'mysql-distinct/fast': 1,
  'mysql-distinct/default': 1,
};

function ratio(name: string, what: string, figure: Figure, to: Figure, atLeast?: number): Declared {
  return { name, what, figure, to, ...(atLeast !== undefined && { atLeast }) };
}

/**
 * The declared ratios, and each figure of this version over the same figure of the compared one, with the CPU time of an event, which
 * a busy machine changes less than the rate. What was not measured is left out.
 */
export const computeRatios = (results: readonly Result[]): Ratio[] =>
  [...declared, ...compareVersions(results)].flatMap(({ name, what, figure, to, atLeast }) => {
    const [one, other] = [figure, to].map((id) => results.find((result) => figureOf(result) === id));
    if (!one || !other) return [];
    const goal = atLeast === undefined ? {} : { goal: { atLeast } };
    const cpu = figureOf(other).includes('/compared-') ? divideCpu(one, other) : undefined;
    return [
      { name, what, values: divide(one, other), ...goal },
      ...(cpu === undefined ? [] : [{ name: `${name}/cpu`, what: `${what}: CPU time`, values: [cpu] }]),
    ];
  });

const divideCpu = (one: Result, other: Result): number | undefined => {
  const [ours, theirs] = [one, other].map(({ cost }) =>
    Object.values(cost ?? {}).reduce((sum, { microseconds }) => sum + microseconds, 0),
  );
  return ours && theirs ? theirs / ours : undefined;
};

const figureOf = ({ scenario, id }: Result): Figure => `${scenario}/${id}`;

const compareVersions = (results: readonly Result[]): Declared[] =>
  results
    .filter(({ id }) => id.startsWith('ours-'))
    .map(({ scenario, id }) => {
      const figure = id.slice('ours-'.length);
      const name = `${scenario}/${figure}`;
      const what = `${scenario}, ${figure.replaceAll('-', ' ')} to the compared version`;
      return ratio(name, what, `${scenario}/${id}`, `${scenario}/compared-${figure}`, goalsOverCompared[name]);
    });

const divide = (one: Result, other: Result): number[] => {
  const isLessBetter = ['ms', 's', 'MB'].includes(one.unit);
  const times = (value: number, base: number) => (isLessBetter ? base / value : value / base);
  const areInTurns = one.scenario === other.scenario && one.values.length === other.values.length;
  if (!areInTurns) return [times(median(one.values), median(other.values))];
  return one.values.map((value, i) => times(value, other.values[i] as number));
};
