import { z } from 'zod';
import { commonSettings, port, readEnvironment } from '../lib/config.ts';

const schema = z.object({
  ...commonSettings,
  APP_REST_PORT: port(3008),
  STATESTORE_NAME: z.string().default('statestore'),
  CONSUMER_GROUP: z.string().default('iot-platform-consumer'),
});

export type IotPlatformConfig = {
  host: string;
  port: number;
  stateStoreName: string;
  consumerGroup: string;
  logLevel: string;
  dataDir: string;
};

/** @throws ConfigError that lists every problem */
export const readIotPlatformConfig = (env: Record<string, string | undefined>): IotPlatformConfig => {
  const settings = readEnvironment(schema, env);
  return {
    host: settings.HOST,
    port: settings.APP_REST_PORT,
    stateStoreName: settings.STATESTORE_NAME,
    consumerGroup: settings.CONSUMER_GROUP,
    logLevel: settings.LOG_LEVEL,
    dataDir: settings.DATA_DIR,
  };
};
