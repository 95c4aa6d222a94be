import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readCrmConfig } from '../../crm/config.ts';
import { sqliteFileOf } from '../../crm/database/index.ts';
import { ConfigError } from '../../packages/runtime/config-error.ts';

export const names = ['platform.sqlite', 'crm.sqlite'] as const;
export type Name = (typeof names)[number];
/** Where each database of this platform is. */
export type DatabaseFiles = Record<Name, string>;

const forMysql = `The CRM's database is MySQL or MariaDB, which this does not copy. Stop the platform, or only the CRM where the log is in
Kafka, and use the server's own: mysqldump --single-transaction (docs/backup.md says in which order).`;

/** @throws ConfigError where the CRM keeps its customers in no file */
export const databaseFiles = (env: NodeJS.ProcessEnv): DatabaseFiles => {
  const dataDir = env.DATA_DIR || '.data';
  const usual = `sqlite:${join(dataDir, 'crm.sqlite')}`;
  const { databaseUrl } = readCrmConfig({ CRM_DATABASE_URL: env.CRM_DATABASE_URL || usual });
  const crm = sqliteFileOf(databaseUrl);
  if (databaseUrl === 'memory') throw new ConfigError('CRM_DATABASE_URL=memory keeps nothing that could be copied.');
  if (crm === undefined) throw new ConfigError(forMysql);
  return { 'platform.sqlite': resolve(dataDir, 'platform.sqlite'), 'crm.sqlite': resolve(crm) };
};

/** @throws ConfigError without the CRM's file; the log may be in Kafka */
export const existingFiles = (files: DatabaseFiles): Partial<DatabaseFiles> => {
  if (!existsSync(files['crm.sqlite']))
    throw new ConfigError(`There is no ${files['crm.sqlite']}: DATA_DIR and CRM_DATABASE_URL say where the data is.`);
  return Object.fromEntries(Object.entries(files).filter(([, file]) => existsSync(file)));
};

/** Of a file or a folder: what was done to it survives a power cut. */
export const sync = (path: string): void => {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
