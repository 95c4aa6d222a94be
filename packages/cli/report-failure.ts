import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';

/** What a command says that could not be done. */
export const reportFailure = (error: Error): void => {
  console.error(error instanceof TransientDatabaseError ? describeDatabaseError(error) : error.message);
  process.exitCode = 1;
};
