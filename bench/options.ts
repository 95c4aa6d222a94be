import { parseOptions } from '../packages/cli/options.ts';

const scenarioIds = [
  'redis-20k',
  'limits',
  'lab-way',
  'redis-distinct',
  'rebuild',
  'query',
  'mysql-20k',
  'mysql-distinct',
  'visible',
  'takeover',
  'import',
  'memory',
] as const;
export type ScenarioId = (typeof scenarioIds)[number];

export const help = `Usage: npm run bench -- [OPTIONS]
Measures this project and its baselines (kafkajs, Kafka Streams, the Dapr lab's subscriber) on a stack of its own.

It starts and stops the stack, prints one JSON object as the last line, and after all scenarios in full size writes docs/performance.md
(between its markers) and docs/performance.svg. It needs Java 17 and Maven for Kafka and Kafka Streams, and redis-benchmark.
Run nothing else meanwhile.

Options
  --quick         smaller work, below 6 minutes (default: about 35 minutes)
  --only NAMES    some scenarios, separated by commas (default: all)
  --compare COMMIT
                  also measures another version of this project, in turns with this one, and prints the ratios
  --seed N        other work of the same size (default: 1)
  --help          shows this text

Environment
  BENCH_PORTS     base of the ports of the stack (default: 25000)

Examples
  npm run bench -- --quick
  npm run bench -- --only redis-20k,query
  npm run bench -- --compare HEAD~10

Exit codes
  0  all scenarios are measured
  1  a scenario failed

Scenarios
  redis-20k       materialise changes of 20,000 connections into Redis: this project, kafkajs alone, Kafka Streams
  lab-way         the same by the Dapr lab's subscriber: one event, one awaited save
  redis-distinct  as many connections as changes, into an empty Redis
  rebuild         the rate of npm run rebuild
  mysql-20k       into MariaDB or MySQL
  mysql-distinct  as many connections as changes, into an empty MariaDB or MySQL
  limits          the rates of Kafka's own consumer and of redis-benchmark
  visible         from the POST to the CRM to the answer of the IoT platform, at 200 changes/s
  query           queries of one mandate over 32 connections, also while a rebuild runs
  takeover        kill -9 of one of two instances with its sidecar
  import          customers into the CRM, on SQLite and on MariaDB or MySQL, while one customer is read and changed
  memory          5,000,000 changes of 5,000,000 connections (not with --quick)`;

export type Options = {
  quick: boolean;
  seed: number;
  only: readonly ScenarioId[];
  /** All scenarios in full size, whose results are written to docs. */
  whole: boolean;
  /** The commit of the other version. */
  compare?: string;
  help: boolean;
};

/** @throws Error that names the invalid option */
export const readOptions = (args: readonly string[]): Options => {
  const options = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    compare: { type: 'string' },
    help: { type: 'boolean', default: false },
  } as const;
  const { values } = parseOptions('npm run bench', { args: [...args], options });
  const defaultIds = scenarioIds.filter((id) => id !== 'memory' || !values.quick);
  const only = values.only?.split(',') ?? defaultIds;
  const unknown = only.find((name) => !scenarioIds.some((id) => id === name));
  if (unknown !== undefined)
    throw new Error(`There is no scenario ${unknown}. The scenarios are ${scenarioIds.join(', ')}.`);
  if (values.quick && only.includes('memory'))
    throw new Error('The scenario memory takes too long for --quick: leave one of them out.');
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Error(`--seed ${values.seed} is not an integer of at least 0.`);
  const { quick, help, compare } = values;
  return {
    quick,
    help,
    seed,
    only: scenarioIds.filter((id) => only.includes(id)),
    whole: values.only === undefined && !values.quick,
    ...(compare !== undefined && { compare: readCommit(compare) }),
  };
};

/** Reads --compare. @throws Error when the text cannot name a commit */
export const readCommit = (text: string): string => {
  if (text === '' || text.startsWith('-')) throw new Error('--compare needs a commit, such as HEAD~10.');
  return text;
};
