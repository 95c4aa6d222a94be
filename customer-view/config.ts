import { join } from 'node:path';
import { z } from 'zod';
import {
  type DatabaseUrl,
  databaseUrlForm,
  isDatabaseUrl,
  showDatabaseUrl,
} from '../packages/database/database-url.ts';
import { type CommonConfig, commonSettings, createCommonConfig } from '../packages/platform/config.ts';
import type { ViewServiceConfig } from '../packages/platform/view-service/index.ts';
import { port, readEnvironment } from '../packages/runtime/environment.ts';

/** The variables of the customer-view with their defaults. */
export const customerViewSettings = z.object({
  ...commonSettings,
  CUSTOMER_VIEW_PORT: port().default(3010),
  /** The port to which the sidecar delivers. */
  APP_PORT: port().default(5010),
  /** The Dapr pubsub component that delivers the events. */
  PUBSUB_NAME: z.string().default('customer-view-pubsub'),
  /** With Dapr, it must be the group in the component's YAML, because Dapr does not report that to the app. */
  CONSUMER_GROUP: z.string().default('customer-view-consumer'),
  /** The database of the views. Default: customer-view.sqlite in DATA_DIR. */
  CUSTOMER_VIEW_DATABASE_URL: z.custom<DatabaseUrl>(isDatabaseUrl, databaseUrlForm).optional(),
  /** Whether the service itself rebuilds a view that is empty or incomplete. */
  AUTO_REBUILD: z.enum(['true', 'false'], 'true or false').default('false'),
});

export type CustomerViewConfig = CommonConfig & ViewServiceConfig & { pubsub: string; databaseUrl: DatabaseUrl };

/** Reads the configuration from the environment. @throws ConfigError that lists every problem */
export const readCustomerViewConfig = (env: Record<string, string | undefined>): CustomerViewConfig => {
  const settings = readEnvironment(customerViewSettings, env);
  const databaseUrl: DatabaseUrl =
    settings.CUSTOMER_VIEW_DATABASE_URL ?? `sqlite:${join(settings.DATA_DIR, 'customer-view.sqlite')}`;
  return {
    ...createCommonConfig(settings),
    addresses: { DATA_DIR: settings.DATA_DIR },
    port: settings.CUSTOMER_VIEW_PORT,
    deliveryPort: settings.APP_PORT,
    pubsub: settings.PUBSUB_NAME,
    databaseUrl,
    stateStoreName: showDatabaseUrl(databaseUrl),
    consumerGroup: settings.CONSUMER_GROUP,
    autoRebuild: settings.AUTO_REBUILD === 'true',
  };
};
