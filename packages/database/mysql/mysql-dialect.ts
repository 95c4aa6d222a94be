import { CompiledQuery, type DatabaseConnection, type Dialect, MysqlDialect } from 'kysely';
import { errorMappingDialect } from './error-mapping-dialect.ts';
import { type MysqlAddress, mapMysqlError, openMysqlPool } from './mysql-pool.ts';

const sessionSettings = [
  // Read committed takes no gap locks, so transactions seldom wait for each other.
  'set session transaction isolation level read committed',
  // MySQL refuses a value that does not fit into its column, instead of truncating it.
  "set session sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = 5",
];

/** A Kysely dialect for MySQL or MariaDB. `statementTimeoutMs` is the query timeout; undefined: none. */
export const createMysqlDialect = (address: MysqlAddress, statementTimeoutMs: number | undefined): Dialect => {
  const pool = openMysqlPool(address, { statementTimeoutMs });
  const onCreateConnection = async (connection: DatabaseConnection) => {
    for (const setting of sessionSettings) await connection.executeQuery(CompiledQuery.raw(setting));
  };
  return errorMappingDialect(new MysqlDialect({ pool, onCreateConnection }), mapMysqlError);
};
