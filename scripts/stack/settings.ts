import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const projectRoot = resolve(import.meta.dirname, '../..');

const readPort = (env: NodeJS.ProcessEnv, name: string, defaultPort: number): number => {
  const port = Number(env[name] || defaultPort);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new Error(
      `${name}=${env[name]} is not a port: give a number from 1 to 65535, or unset it for ${defaultPort}.`,
    );
  }
  return port;
};

const readRegistryUrl = (env: NodeJS.ProcessEnv, port: number): string =>
  (env.SCHEMA_REGISTRY_URL || `http://localhost:${port}/apis/ccompat/v7`).replace(/\/+$/, '');

const readStackSettings = (env: NodeJS.ProcessEnv) => {
  const schemaRegistryPort = readPort(env, 'SCHEMA_REGISTRY_PORT', 8081);
  return {
    /** Data, configuration and logs of the stack. `down` keeps them; remove the folder to start with empty servers. */
    dataFolder: resolve(projectRoot, env.STACK_DIR || '.data/stack'),
    /** Fetched and built programs, shared by all checkouts of the project. */
    cacheFolder: join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'connection-mandates'),
    kafkaPort: readPort(env, 'KAFKA_PORT', 9092),
    redisPort: readPort(env, 'REDIS_PORT', 6379),
    mysqlPort: readPort(env, 'MYSQL_PORT', 3306),
    zipkinPort: readPort(env, 'ZIPKIN_PORT', 9411),
    schemaRegistryPort,
    /** The Confluent API of the schema registry, which need not be the one of the stack. */
    schemaRegistryUrl: readRegistryUrl(env, schemaRegistryPort),
  };
};

/** Commands import the settings before they can catch an error, so a wrong port ends the process here. */
const readSettingsOrExit = () => {
  try {
    return readStackSettings(process.env);
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
};

export const settings = readSettingsOrExit();

/** The folder of a part's configuration, data, log and process record. */
export const partFolder = (name: string): string => join(settings.dataFolder, name);
