import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { customerViews, viewTables } from '../../customer-view/projections.ts';
import { iotPlatformViews } from '../../iot-platform/projections.ts';
import type { DatabaseUrl } from '../../packages/database/database-url.ts';
import type { RegisteredView } from '../../packages/platform/views.ts';
import { openViewDatabase } from '../../packages/view-database/view-database.ts';
import { ports } from '../stack/ports.ts';
import { runtime } from './apply-records.ts';

export const databaseNames = ['SQLite', 'MariaDB'] as const;
export type DatabaseName = (typeof databaseNames)[number];

const user = 'connection-mandates';

/** Supplies an empty database. @param folder the folder of the SQLite file */
export const createEmptyDatabase = async (
  database: DatabaseName,
  folder: string,
  name: 'crm' | 'customer_view',
): Promise<DatabaseUrl> => {
  if (database === 'SQLite') {
    const file = join(folder, `${name}.sqlite`);
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    return `sqlite:${file}`;
  }
  const connection = await createConnection({ host: '127.0.0.1', port: ports.mysql, user, password: user });
  await connection.query(`DROP DATABASE IF EXISTS ${name}`);
  await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin`);
  await connection.end();
  return `mysql://${user}:${user}@127.0.0.1:${ports.mysql}/${name}`;
};

/** Finds a view of the customer-view, or the mandates view, which gets a table without columns here. */
export const findView = (name: string): RegisteredView => {
  const mandates = iotPlatformViews.map((view) => ({ ...view, keyPrefix: `${view.projection.name}/` }));
  const found = [...customerViews, ...mandates].find(({ projection }) => projection.name === name);
  if (!found) throw new Error(`there is no view ${name}`);
  return found;
};

/** Opens the database of the customer-view, with a table for the mandates view in addition. */
export const openViews = (url: DatabaseUrl) =>
  openViewDatabase(
    { url, variable: 'CUSTOMER_VIEW_DATABASE_URL' },
    { ...viewTables, mandates: { columns: {}, indexes: [] } },
    runtime,
  );
