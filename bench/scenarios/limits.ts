import { join } from 'node:path';
import { topics } from '../../contracts/topics.ts';
import { requireProgram } from '../../scripts/stack/find-program.ts';
import { runCommand } from '../../scripts/stack/run-command.ts';
import type { Result } from '../result.ts';
import { broker, ports } from '../stack/ports.ts';
import { fetchKafkaJars, requireJava } from '../stack/stack.ts';
import { emptyRedis } from '../stack/stores.ts';
import { fillTopic } from './materialise.ts';
import type { Scenario } from './scenario.ts';

const keys = 20_000;
const commands = 400_000;
const valueBytes = 120;

/** The script that state.redis runs for each key that it writes with an ETag. */
const compareAndSetScript = `local etag = redis.pcall("HGET", KEYS[1], "version")
local first = redis.pcall("HGET", KEYS[1], "first-write")
redis.call("HSET", KEYS[1], "data", ARGV[1])
return redis.call("HINCRBY", KEYS[1], "version", 1)`;

/** The rates of Kafka and Redis alone, each measured by its own tool. */
export const limits: Scenario = async ({ many, repeats }, progress) => {
  await fillTopic(many, progress);
  const java = await requireJava();
  const classpath = [
    '-Dorg.slf4j.simpleLogger.defaultLogLevel=error',
    '-cp',
    join(await fetchKafkaJars(() => {}), '*'),
  ];
  const consume = async () => {
    const tool = ['org.apache.kafka.tools.ConsumerPerformance', '--bootstrap-server', broker];
    const work = ['--topic', topics.connectionMandates.name, '--num-records', String(many.events), '--hide-header'];
    const line = (await runCommand(java, [...classpath, ...tool, ...work]))
      .split('\n')
      .find((text) => /^\d{4}-/.test(text));
    // The last column is records per second while fetching, without the time to join the group.
    const perSecond = Number(line?.split(',').at(-1));
    if (!(perSecond > 0)) throw new Error(`Kafka's consumer tool printed an unknown line: ${line}`);
    return perSecond;
  };
  const redisBenchmark = await requireProgram('redis-benchmark', 'install Redis’s tools (Debian: redis-tools).');
  const write = async (...command: string[]) => {
    await emptyRedis();
    const options = ['-p', ports.redis, '-n', commands, '-r', keys, '-P', 1000, '-c', 4, '--csv'].map(String);
    const line = (await runCommand(redisBenchmark, [...options, ...command])).split('\n').at(-1);
    const perSecond = Number(/","([\d.]+)"/.exec(line ?? '')?.[1]);
    if (!(perSecond > 0)) throw new Error(`redis-benchmark printed an unknown line: ${line}`);
    return perSecond;
  };
  const value = 'x'.repeat(valueBytes);
  const of = async (
    id: string,
    title: string,
    configuration: string,
    measure: () => Promise<number>,
  ): Promise<Result> => {
    const values: number[] = [];
    for (let repeat = 1; repeat <= repeats; repeat++) {
      progress(`${title}, ${repeat} of ${repeats}`);
      values.push(await measure());
    }
    return { scenario: 'limits', id, title, configuration, unit: 'operations/s', values };
  };
  return [
    await of('consume', 'Kafka’s own consumer', 'ConsumerPerformance; reads, does nothing', consume),
    await of('set', 'Redis, SET', 'redis-benchmark, 1,000 a pipeline', () => write('SET', 'key:__rand_int__', value)),
    await of('compareAndSet', 'Redis, a compare-and-set write', 'the same, one Lua EVAL per key, as Dapr does', () =>
      write('EVAL', compareAndSetScript, '1', 'key:__rand_int__', value),
    ),
  ];
};
