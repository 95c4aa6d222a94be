import { z } from 'zod';
import { commonSettings, port, readEnvironment } from '../lib/config.ts';
import type { CrmDatabaseUrl } from './database/open-database.ts';

const schema = z.object({
  ...commonSettings,
  APP_PORT: port(3005),
  CRM_DATABASE_URL: z
    .custom<CrmDatabaseUrl>((url) => /^(memory|sqlite:.+)$/.test(String(url)), 'memory, or sqlite: and a file name')
    .default('memory'),
  /** Loaded at start; `none` loads nothing. */
  CUSTOMERS_CSV: z.string().default('data/customer-database.csv'),
});

export type CrmConfig = {
  host: string;
  port: number;
  databaseUrl: CrmDatabaseUrl;
  customersCsv: string | undefined;
  logLevel: string;
  dataDir: string;
};

/** @throws ConfigError that lists every problem */
export const readCrmConfig = (env: Record<string, string | undefined>): CrmConfig => {
  const settings = readEnvironment(schema, env);
  return {
    host: settings.HOST,
    port: settings.APP_PORT,
    databaseUrl: settings.CRM_DATABASE_URL,
    customersCsv: settings.CUSTOMERS_CSV === 'none' ? undefined : settings.CUSTOMERS_CSV,
    logLevel: settings.LOG_LEVEL,
    dataDir: settings.DATA_DIR,
  };
};
