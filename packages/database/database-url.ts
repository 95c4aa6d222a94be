import type { MysqlAddress } from './mysql/mysql-pool.ts';

/** Where a database is. With `memory` its rows exist only while the process runs. */
export type DatabaseUrl = 'memory' | `sqlite:${string}` | `mysql://${string}`;

export const databaseUrlForm = 'memory, sqlite: and a file name, or mysql://user:password@host:port/database';

export const isDatabaseUrl = (url: unknown): url is DatabaseUrl =>
  typeof url === 'string' && (/^(memory|sqlite:.+)$/.test(url) || parseMysqlAddress(url) !== undefined);

/** @returns undefined for anything that is not a MySQL address with a user and a database */
export const parseMysqlAddress = (url: string): MysqlAddress | undefined => {
  if (!url.startsWith('mysql://') || !URL.canParse(url)) return undefined;
  const { hostname, port, username, password, pathname, search, hash } = new URL(url);
  const [user, word, database] = [username, password, pathname.slice(1)].map(decodePart);
  if (!user || word === undefined || !database || database.includes('/') || search || hash) return undefined;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 3306), user, password: word, database };
};

const decodePart = (part: string): string | undefined => {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // a % that starts no escape sequence
  }
};

/** The URL without its password, for output and logs. */
export const showDatabaseUrl = (url: DatabaseUrl): string => url.replace(/^(mysql:\/\/[^:@]*):[^@]*@/, '$1@');

/** @returns undefined unless the database is a file */
export const sqliteFileOf = (url: DatabaseUrl): string | undefined =>
  url.startsWith('sqlite:') ? url.slice('sqlite:'.length) : undefined;
