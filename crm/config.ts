import { z } from 'zod';
import type { LocateServices } from '../console/console.ts';
import { mandatesEncodingVariables } from '../contracts/mandates-encoding.ts';
import { type DatabaseUrl, databaseUrlForm, isDatabaseUrl } from '../packages/database/database-url.ts';
import { type CommonConfig, commonSettings, createCommonConfig } from '../packages/platform/config.ts';
import { port, readEnvironment } from '../packages/runtime/environment.ts';
import { createServiceLocator } from './locate-services.ts';

/** The variables of the CRM with their defaults. */
export const crmSettings = z.object({
  ...commonSettings,
  ...mandatesEncodingVariables,
  APP_PORT: port().default(3005),
  /** The Dapr pubsub component that publishes the events. */
  PUBSUB_NAME: z.string().default('pubsub'),
  CRM_DATABASE_URL: z.custom<DatabaseUrl>(isDatabaseUrl, databaseUrlForm).default('memory'),
  /** The customers to import at start; `none` imports nothing. */
  CUSTOMERS_CSV: z.string().default('data/customer-database.csv'),
});

export type CrmConfig = CommonConfig & {
  port: number;
  pubsub: string;
  databaseUrl: DatabaseUrl;
  customersCsv: string | undefined;
  /** Finds the services that the console calls. */
  locateServices: LocateServices;
};

/** @throws ConfigError that lists every invalid variable */
export const readCrmConfig = (env: Record<string, string | undefined>): CrmConfig => {
  const settings = readEnvironment(crmSettings, env);
  const locateServices = createServiceLocator(env);
  locateServices(); // An invalid URL is refused now, not when the console is opened.
  return {
    ...createCommonConfig(settings),
    port: settings.APP_PORT,
    pubsub: settings.PUBSUB_NAME,
    databaseUrl: settings.CRM_DATABASE_URL,
    customersCsv: settings.CUSTOMERS_CSV === 'none' ? undefined : settings.CUSTOMERS_CSV,
    locateServices,
  };
};
