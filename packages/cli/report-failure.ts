import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';

/** Prints the error of a command, and sets the exit code to 1. */
export const reportFailure = (error: Error): void => {
  console.error(error instanceof TransientDatabaseError ? describeDatabaseError(error) : error.message);
  process.exitCode = 1;
};
