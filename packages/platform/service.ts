import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';
import { ConfigError } from '../runtime/config-error.ts';

export type Service = { close(): Promise<void> };

const stopAtTheLatestAfterMs = 15_000;

/**
 * Starts a service and keeps it running until SIGINT, SIGTERM or `fail`; a second signal ends it at once. Closing
 * gracefully is a courtesy: correctness never depends on it.
 */
export const runService = async (start: (fail: (error: Error) => void) => Promise<Service>): Promise<void> => {
  let stopping = false;
  const stop = async (exitCode: number) => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), stopAtTheLatestAfterMs).unref();
    await starting.then((service) => service.close());
    process.exit(exitCode);
  };
  const explain = (error: unknown) => {
    if (error instanceof TransientDatabaseError) {
      process.stderr.write(`${describeDatabaseError(error)}\n`);
      return;
    }
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
  };
  const starting = start((error) => {
    explain(error);
    void stop(1);
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop(0));
  try {
    await starting;
  } catch (error) {
    explain(error);
    process.exit(1);
  }
};
