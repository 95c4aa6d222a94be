import { z } from 'zod';
import { type CommonConfig, commonSettings, createCommonConfig } from '../packages/platform/config.ts';
import { port, readEnvironment } from '../packages/runtime/environment.ts';

const schema = z.object({
  ...commonSettings,
  APP_REST_PORT: port().default(3008),
  /** Where the sidecar delivers. */
  APP_PORT: port().default(5002),
  /** The Dapr component by which events come. */
  PUBSUB_NAME: z.string().default('iot-platform-pubsub'),
  STATESTORE_NAME: z.string().default('statestore'),
  /** With Dapr it stands in the component's YAML, and here once more: Dapr does not tell it. */
  CONSUMER_GROUP: z.string().default('iot-platform-consumer'),
  /** Whether a view that is found empty or incomplete is rebuilt by the service itself. */
  AUTO_REBUILD: z.enum(['true', 'false'], 'true or false').default('false'),
  /** The Redis that keeps the view: asked whether it evicts keys. */
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'an address such as redis://localhost:6379' }).optional(),
});

export type IotPlatformConfig = CommonConfig & {
  /** Where requests are answered. */
  port: number;
  deliveryPort: number;
  pubsub: string;
  stateStoreName: string;
  consumerGroup: string;
  autoRebuild: boolean;
  redisUrl: string | undefined;
};

/** @throws ConfigError that lists every problem */
export const readIotPlatformConfig = (env: Record<string, string | undefined>): IotPlatformConfig => {
  const settings = readEnvironment(schema, env);
  return {
    ...createCommonConfig(settings),
    port: settings.APP_REST_PORT,
    deliveryPort: settings.APP_PORT,
    pubsub: settings.PUBSUB_NAME,
    stateStoreName: settings.STATESTORE_NAME,
    consumerGroup: settings.CONSUMER_GROUP,
    autoRebuild: settings.AUTO_REBUILD === 'true',
    redisUrl: settings.REDIS_URL,
  };
};
