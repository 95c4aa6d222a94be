import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const projectRoot = resolve(import.meta.dirname, '../..');

const readPort = (env: NodeJS.ProcessEnv, name: string, usual: number): number => {
  const port = Number(env[name] || usual);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(`${name}=${env[name]} is not a port: give a number from 1 to 65535, or unset it for ${usual}.`);
  }
  return port;
};

const readStackSettings = (env: NodeJS.ProcessEnv) => ({
  /** Data, configuration and logs of what we run; `down` leaves them, removing the folder starts afresh. */
  dataFolder: resolve(env.STACK_DIR || join(projectRoot, '.data/stack')),
  /** Programs fetched or built, shared by every checkout of the project. */
  cacheFolder: join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'connection-mandates'),
  kafkaPort: readPort(env, 'KAFKA_PORT', 9092),
  redisPort: readPort(env, 'REDIS_PORT', 6379),
  mysqlPort: readPort(env, 'MYSQL_PORT', 3306),
  zipkinPort: readPort(env, 'ZIPKIN_PORT', 9411),
});

export const settings = readStackSettings(process.env);

/** Where a part has its configuration, data, log and process record. */
export const partFolder = (name: string): string => join(settings.dataFolder, name);
