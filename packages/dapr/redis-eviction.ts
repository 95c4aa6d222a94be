import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'redis';

const answerWithinMs = 1_000;

export type RedisEvictionCheck = {
  /** @throws Error with the policy and the command that changes it, when Redis may evict keys or does not answer */
  check(): Promise<void>;
  close(): void;
};

/**
 * Redis that reaches its memory limit deletes keys unless its policy is noeviction, and nothing reports what it deleted. The
 * policy is read by INFO, which is allowed where CONFIG is not, over one connection that is opened by the first check.
 */
export const createRedisEvictionCheck = (url: string): RedisEvictionCheck => {
  const { hostname, port } = new URL(url);
  const address = `${hostname}:${port || 6379}`;
  const open = () => {
    // Without reconnecting: a client that lost its connection fails at once, and the next check opens another.
    const client = createClient({ url, socket: { connectTimeout: answerWithinMs, reconnectStrategy: false } });
    // Failed commands carry the error too; an event without a listener would end the process.
    client.on('error', () => {});
    return { client, connected: client.connect() };
  };
  let connection: ReturnType<typeof open> | undefined;
  const close = () => {
    connection?.client.destroy();
    connection = undefined;
  };

  const readPolicy = async () => {
    if (!connection?.client.isOpen) close();
    connection ??= open();
    const { client, connected } = connection;
    await connected;
    return /^maxmemory_policy:(\S+)/m.exec(await client.info('memory'))?.[1];
  };

  return {
    check: async () => {
      const policy = await Promise.race([readPolicy(), noAnswer(answerWithinMs)]).catch((error: Error) => {
        close();
        throw new Error(
          `Redis at ${address} (REDIS_URL) does not answer, so it is not known whether it evicts keys: ${error.message}`,
        );
      });
      if (policy === 'noeviction') return;
      throw new Error(
        `Redis at ${address} has maxmemory-policy ${policy ?? 'unknown'}: when its memory is full it deletes keys of the view. ` +
          `redis-cli -h ${hostname} -p ${port || 6379} CONFIG SET maxmemory-policy noeviction ` +
          '(and the same in its configuration, for the next start).',
      );
    },
    close,
  };
};

const noAnswer = async (ms: number): Promise<never> => {
  await delay(ms, undefined, { ref: false });
  throw new Error(`no answer within ${ms / 1000} s`);
};
