import { parseConnectionMandate } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { evolve } from '../../iot-platform/mandates/mandate.ts';
import { withRedis } from '../stack/stores.ts';
import { connectionOf, createMessage } from '../work.ts';

const keysPerCall = 100_000;

/** The hashes that state.redis writes. Redis writes them by itself, because ten million commands would take minutes. */
const script = `for number = tonumber(ARGV[1]), tonumber(ARGV[2]) do
  local id = string.format('%d', number)
  redis.call('HSET', KEYS[1] .. id, 'data', ARGV[3] .. id .. ARGV[4], 'version', '1')
end`;

/** Writes a mandate of each connection into the empty view, older than each event of the benchmark. */
export const prefillView = (keys: number, onProgress: (written: number) => void): Promise<void> =>
  withRedis(async (client) => {
    const [before, after] = createDocument().split(connectionOf(0)) as [string, string];
    for (let from = 0; from < keys; from += keysPerCall) {
      const to = Math.min(from + keysPerCall, keys) - 1;
      const numbers = [connectionOf(from), connectionOf(to)];
      await client.eval(script, { keys: ['iot-platform||'], arguments: [...numbers, before, after] });
      onProgress(to + 1);
    }
  });

/** The document of the first connection as the view would store it after an event before the first one. */
const createDocument = (): string => {
  const { value } = createMessage({ seed: 1, events: 2, keys: 1 }, -1, 1);
  const record = { value: Buffer.from(value), timestamp: Date.now(), partition: 0, offset: 0 };
  return JSON.stringify(evolve(undefined, parseConnectionMandate(record)));
};

/** The memory in bytes that Redis uses for its data. */
export const readRedisMemory = (): Promise<number> =>
  withRedis(async (client) => {
    const [, bytes] = /used_memory:(\d+)/.exec(await client.info('memory')) ?? [];
    if (!bytes) throw new Error('Redis does not report its memory');
    return Number(bytes);
  });

/** Switches off the append-only file, which would write gigabytes for the prefilled connections. */
export const disableAppendOnlyFile = (): Promise<unknown> =>
  withRedis((client) => client.configSet('appendonly', 'no'));
