import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readCrmConfig } from '../../crm/config.ts';
import { readCustomerViewConfig } from '../../customer-view/config.ts';
import { sqliteFileOf } from '../../packages/database/database-url.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';

export const names = ['platform.sqlite', 'crm.sqlite', 'customer-view.sqlite'] as const;
export type Name = (typeof names)[number];
/** The path of each database of this platform; undefined for the views of the customer-view if they are not in a file. */
export type DatabaseFiles = Record<Exclude<Name, 'customer-view.sqlite'>, string> & {
  readonly 'customer-view.sqlite': string | undefined;
};

const mysqlRemedy = `This command copies SQLite files only, and the CRM's database is MySQL or MariaDB. Stop the platform, or only the CRM
where the log is in Kafka, and use mysqldump --single-transaction (docs/backup.md gives the order).`;

/** @throws ConfigError where the CRM's database is not a SQLite file */
export const locateDatabaseFiles = (env: NodeJS.ProcessEnv): DatabaseFiles => {
  const dataDir = env.DATA_DIR || '.data';
  const defaultUrl = `sqlite:${join(dataDir, 'crm.sqlite')}`;
  const { databaseUrl } = readCrmConfig({ CRM_DATABASE_URL: env.CRM_DATABASE_URL || defaultUrl });
  const crm = sqliteFileOf(databaseUrl);
  if (databaseUrl === 'memory') throw new ConfigError('CRM_DATABASE_URL=memory keeps nothing that could be copied.');
  if (crm === undefined) throw new ConfigError(mysqlRemedy);
  const { CUSTOMER_VIEW_DATABASE_URL } = env;
  const views = sqliteFileOf(readCustomerViewConfig({ DATA_DIR: dataDir, CUSTOMER_VIEW_DATABASE_URL }).databaseUrl);
  return {
    'platform.sqlite': resolve(dataDir, 'platform.sqlite'),
    'crm.sqlite': resolve(crm),
    'customer-view.sqlite': views && resolve(views),
  };
};

/** @throws ConfigError if the CRM's file is missing. The others may be missing: the log may be in Kafka. */
export const findExistingFiles = (files: DatabaseFiles): Partial<DatabaseFiles> => {
  if (!existsSync(files['crm.sqlite']))
    throw new ConfigError(`There is no ${files['crm.sqlite']}: set DATA_DIR or CRM_DATABASE_URL to where the data is.`);
  return Object.fromEntries(Object.entries(files).filter(([, file]) => file !== undefined && existsSync(file)));
};

/** Flushes a file or a folder to the disk, so that it survives a power failure. */
export const sync = (path: string): void => {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
