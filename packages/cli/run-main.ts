import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';
import { enterProjectFolder } from '../runtime/project-folder.ts';

/** Runs a command in the folder of the project. If it fails, it prints the message of the error and sets the exit code to 1. */
export const runMain = async (main: () => Promise<unknown>): Promise<void> => {
  enterProjectFolder();
  try {
    await main();
  } catch (error) {
    console.error(error instanceof TransientDatabaseError ? describeDatabaseError(error) : (error as Error).message);
    process.exitCode = 1;
  }
};
