import { parseArgs } from 'node:util';

const scenarioIds = [
  'redis-20k',
  'limits',
  'lab-way',
  'redis-distinct',
  'query',
  'mysql-20k',
  'mysql-distinct',
  'visible',
  'takeover',
  'memory',
] as const;
export type ScenarioId = (typeof scenarioIds)[number];

export const help = `Usage: npm run bench -- [--quick] [--only scenario,…] [--seed N]
Measures this project and other programs that do the same work, on its own stack. Nothing else should run meanwhile.

  --quick     less work, under 6 minutes; without it half an hour or more
  --only      some scenarios, comma-separated; the results are printed, but not written to docs/
  --seed      different events of the same number (1)
  --help

Scenarios
  redis-20k       materialise changes of 20,000 connections into Redis: ours, kafkajs alone, Kafka Streams
  lab-way         the same by the lab's subscriber: one event, one awaited save
  redis-distinct  as many connections as changes, into an empty Redis
  mysql-20k       into MariaDB or MySQL
  mysql-distinct
  limits          what Kafka's own consumer and Redis' own benchmark reach
  visible         from the POST to the CRM to the answer of the IoT platform, at 200 changes/s
  query           one mandate, 32 connections; and while a rebuild runs
  takeover        kill -9 of one of two instances with its sidecar
  memory          5,000,000 changes of 5,000,000 connections (never with --quick)

Needs Java 17 and Maven for Kafka and Kafka Streams, and redis-benchmark; names any that is missing.
Writes docs/performance.md (between its markers) and docs/performance.svg. The last line of stdout is one JSON object.`;

export type Options = { quick: boolean; seed: number; only: readonly ScenarioId[]; whole: boolean; help: boolean };

/** @throws Error that names what is not understood */
export const readOptions = (args: readonly string[]): Options => {
  const options = {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  } as const;
  const { values } = parseArgs({ args: [...args], options });
  const usual = scenarioIds.filter((id) => id !== 'memory' || !values.quick);
  const only = values.only?.split(',') ?? usual;
  const unknown = only.find((name) => !scenarioIds.some((id) => id === name));
  if (unknown !== undefined)
    throw new Error(`There is no scenario ${unknown}: name some of ${scenarioIds.join(', ')}.`);
  if (values.quick && only.includes('memory'))
    throw new Error('memory takes more time than --quick has: leave one out.');
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error(`--seed ${values.seed} is not a whole number from 0.`);
  const { quick, help } = values;
  return { quick, help, seed, only: scenarioIds.filter((id) => only.includes(id)), whole: values.only === undefined };
};
