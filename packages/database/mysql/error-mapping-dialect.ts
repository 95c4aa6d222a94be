import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';

type MapError = (error: Error) => Error;

/** Wraps a Kysely dialect so that every error passes through `mapError`. */
export const errorMappingDialect = (dialect: Dialect, mapError: MapError): Dialect => ({
  createDriver: () => mapDriverErrors(dialect.createDriver(), mapError),
  createAdapter: () => dialect.createAdapter(),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createIntrospector: (db) => dialect.createIntrospector(db),
});

const mapDriverErrors = (driver: Driver, mapError: MapError): Driver => {
  const rethrow = (error: unknown) => {
    throw error instanceof Error ? mapError(error) : error;
  };
  const acquire = driver.acquireConnection.bind(driver);
  const known = new WeakSet<DatabaseConnection>();
  driver.acquireConnection = async () => {
    const connection = await acquire().catch(rethrow);
    if (!known.has(connection)) known.add(mapConnectionErrors(connection, rethrow));
    return connection;
  };
  return driver;
};

const mapConnectionErrors = (connection: DatabaseConnection, rethrow: (error: unknown) => never) => {
  const execute = connection.executeQuery.bind(connection);
  const stream = connection.streamQuery.bind(connection);
  connection.executeQuery = async <R>(query: Parameters<typeof execute>[0]): Promise<QueryResult<R>> => {
    try {
      return await execute<R>(query);
    } catch (error) {
      return rethrow(error);
    }
  };
  connection.streamQuery = async function* <R>(
    ...query: Parameters<typeof stream>
  ): AsyncIterableIterator<QueryResult<R>> {
    try {
      yield* stream<R>(...query);
    } catch (error) {
      rethrow(error);
    }
  };
  return connection;
};
