import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';
import { DomainError, describeRefusal } from '../runtime/domain-error.ts';
import { enterProjectFolder } from '../runtime/project-folder.ts';

/** Runs a command in the folder of the project. If it fails, it prints the message of the error, with the remedy of a refusal, and sets the exit code to 1. */
export const runMain = async (main: () => Promise<unknown>): Promise<void> => {
  enterProjectFolder();
  // The reader of a pipe, such as head, may end first.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));
  try {
    await main();
  } catch (error) {
    console.error(describe(error as Error));
    process.exitCode = 1;
  }
};

const describe = (error: Error): string => {
  if (error instanceof TransientDatabaseError) return describeDatabaseError(error);
  return error instanceof DomainError ? describeRefusal(error) : error.message;
};
