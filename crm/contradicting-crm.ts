import { resolve } from 'node:path';
import { type DatabaseUrl, sqliteFileOf } from '../packages/database/database-url.ts';
import { listRunningServices } from '../packages/platform/running-services.ts';
import { ConfigError } from '../packages/runtime/config-error.ts';
import type { CrmConfig } from './config.ts';

/** What is recorded of the database while the CRM runs, to tell two CRMs with different customers apart. It has no password. */
export const identifyDatabase = (url: DatabaseUrl): string => {
  const file = sqliteFileOf(url);
  if (file !== undefined) return `sqlite:${resolve(file)}`;
  return url === 'memory' ? url : 'mysql';
};

/**
 * Checks that no CRM with other customers runs on the same data folder: both would publish to one log, and a view would show the mandate of
 * whichever CRM has the higher revision. Two addresses of MySQL count as one database.
 * @throws ConfigError that names the other CRM
 */
export const refuseContradictingCrm = (
  { dataDir, databaseUrl }: Pick<CrmConfig, 'dataDir' | 'databaseUrl'>,
  crmId: string,
): void => {
  const own = identifyDatabase(databaseUrl);
  const other = listRunningServices(dataDir).find(
    ({ service, sidecarPort, database }) =>
      service === crmId &&
      sidecarPort === undefined &&
      database !== undefined &&
      (own === 'memory' || database !== own),
  );
  if (other)
    throw new ConfigError(
      `Process ${other.pid} runs a CRM with other customers (${other.database}) on the same log, at ${other.url}. ` +
        `Use its CRM_DATABASE_URL, stop it, or set another DATA_DIR than ${dataDir}.`,
    );
};
