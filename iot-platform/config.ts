import { z } from 'zod';
import { mandatesEncodingVariables } from '../contracts/mandates-encoding.ts';
import { type CommonConfig, commonSettings, createCommonConfig } from '../packages/platform/config.ts';
import type { ViewServiceConfig } from '../packages/platform/view-service/index.ts';
import { port, readEnvironment } from '../packages/runtime/environment.ts';

/** The variables of the IoT platform with their defaults. */
export const iotPlatformSettings = z.object({
  ...commonSettings,
  ...mandatesEncodingVariables,
  APP_REST_PORT: port().default(3008),
  /** The port to which the sidecar delivers. */
  APP_PORT: port().default(5002),
  /** The Dapr pubsub component that delivers the events. */
  PUBSUB_NAME: z.string().default('iot-platform-pubsub'),
  STATESTORE_NAME: z.string().default('statestore'),
  /** With Dapr, it must be the group in the component's YAML, because Dapr does not report that to the app. */
  CONSUMER_GROUP: z.string().default('iot-platform-consumer'),
  /** Whether the service itself rebuilds a view that is empty or incomplete. */
  AUTO_REBUILD: z.enum(['true', 'false'], 'true or false').default('false'),
  /** Where operations find the CRM, to compare a view with it. Default: the running one. */
  CRM_URL: z.url({ protocol: /^https?$/, error: 'an address such as http://localhost:3005' }).optional(),
  /** The Redis that holds the view. When set, /readyz checks that it does not evict keys. */
  REDIS_URL: z.url({ protocol: /^rediss?$/, error: 'an address such as redis://localhost:6379' }).optional(),
});

export type IotPlatformConfig = CommonConfig &
  ViewServiceConfig & {
    pubsub: string;
    redisUrl: string | undefined;
  };

/** Reads the configuration from the environment. @throws ConfigError that lists every problem */
export const readIotPlatformConfig = (env: Record<string, string | undefined>): IotPlatformConfig => {
  const settings = readEnvironment(iotPlatformSettings, env);
  return {
    ...createCommonConfig(settings),
    addresses: { DATA_DIR: settings.DATA_DIR, CRM_URL: settings.CRM_URL },
    port: settings.APP_REST_PORT,
    deliveryPort: settings.APP_PORT,
    pubsub: settings.PUBSUB_NAME,
    stateStoreName: settings.STATESTORE_NAME,
    consumerGroup: settings.CONSUMER_GROUP,
    autoRebuild: settings.AUTO_REBUILD === 'true',
    redisUrl: settings.REDIS_URL,
  };
};
