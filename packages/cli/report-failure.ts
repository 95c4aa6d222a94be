import { DatabaseTrouble, describeTrouble } from '../database/database-trouble.ts';

/** What a command says that could not be done. */
export const reportFailure = (error: Error): void => {
  console.error(error instanceof DatabaseTrouble ? describeTrouble(error) : error.message);
  process.exitCode = 1;
};
