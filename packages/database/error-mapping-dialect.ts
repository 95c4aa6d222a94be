import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';

type Explain = (error: Error) => Error;

/** The same dialect of Kysely, whose errors are explained wherever they come from. */
export const errorMappingDialect = (dialect: Dialect, explain: Explain): Dialect => ({
  createDriver: () => explainedDriver(dialect.createDriver(), explain),
  createAdapter: () => dialect.createAdapter(),
  createQueryCompiler: () => dialect.createQueryCompiler(),
  createIntrospector: (db) => dialect.createIntrospector(db),
});

const explainedDriver = (driver: Driver, explain: Explain): Driver => {
  const rethrow = (error: unknown) => {
    throw error instanceof Error ? explain(error) : error;
  };
  const acquire = driver.acquireConnection.bind(driver);
  const known = new WeakSet<DatabaseConnection>();
  driver.acquireConnection = async () => {
    const connection = await acquire().catch(rethrow);
    if (!known.has(connection)) known.add(explainedConnection(connection, rethrow));
    return connection;
  };
  return driver;
};

const explainedConnection = (connection: DatabaseConnection, rethrow: (error: unknown) => never) => {
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
