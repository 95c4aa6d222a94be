import { setTimeout as delay } from 'node:timers/promises';
import { ConfigError } from '../runtime/config-error.ts';
import { installPeerPackages, isPackageMissing } from '../runtime/peer-packages.ts';

const timeoutMs = 1_000;

export type RedisEvictionCheck = {
  /** @throws Error with the policy and the command that changes it, when Redis may evict keys or does not answer */
  check(): Promise<void>;
  close(): void;
};

/**
 * At its memory limit Redis deletes keys without a report, unless its policy is noeviction. INFO reads the policy, because some
 * hosts forbid CONFIG. The first check opens the connection.
 * @throws ConfigError when the package redis is not installed: a view without this check could lose keys unnoticed
 */
export const openRedisEvictionCheck = async (url: string): Promise<RedisEvictionCheck> => {
  const { createClient } = await loadRedis();
  const { hostname, port } = new URL(url);
  const address = `${hostname}:${port || 6379}`;
  const open = () => {
    // No reconnect: a client without connection fails at once, and the next check opens a new one.
    const client = createClient({ url, socket: { connectTimeout: timeoutMs, reconnectStrategy: false } });
    // Failed commands report the error too; an error event without a listener would end the process.
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
      const policy = await Promise.race([readPolicy(), rejectAfter(timeoutMs)]).catch((error: Error) => {
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

const loadRedis = async () => {
  try {
    return await import('redis');
  } catch (error) {
    if (!isPackageMissing(error)) throw error;
    throw new ConfigError(
      `REDIS_URL needs the package redis, which is not installed. Install it: ${installPeerPackages}`,
    );
  }
};

const rejectAfter = async (ms: number): Promise<never> => {
  await delay(ms, undefined, { ref: false });
  throw new Error(`no answer within ${ms / 1000} s`);
};
