import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { enterProjectFolder } from '../runtime/project-folder.ts';

export type Service = { close(): Promise<void> };

const stopTimeoutMs = 15_000;

/**
 * Starts a service in the folder of the project and runs it until SIGINT, SIGTERM or `fail`; a second signal ends it at once. Correctness never depends on a
 * graceful close.
 */
export const runService = async (start: (fail: (error: Error) => void) => Promise<Service>): Promise<void> => {
  enterProjectFolder();
  let isStopping = false;
  const stop = async (exitCode: number) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), stopTimeoutMs).unref();
    await starting.then((service) => service.close());
    process.exit(exitCode);
  };
  const printError = (error: unknown) => {
    if (error instanceof TransientDatabaseError) {
      process.stderr.write(`${describeDatabaseError(error)}\n`);
      return;
    }
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
  };
  const starting = start((error) => {
    printError(error);
    void stop(1);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0));
  try {
    await starting;
  } catch (error) {
    printError(error);
    process.exit(1);
  }
};
