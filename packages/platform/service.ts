import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { enterProjectFolder } from '../runtime/project-folder.ts';

export type Service = { close(): Promise<void> };

const stopTimeoutMs = 15_000;
/** One Ctrl-C arrives up to three times: from the terminal, from npm and from scripts/run.mjs. A person is slower. */
const repeatedSignalMs = 200;

/**
 * Starts a service in the folder of the project and runs it until SIGINT, SIGTERM or `fail`; a second signal ends it at once. Correctness never depends on a
 * graceful close.
 * @param print prints a line when the service has stopped; a service whose output is a log gives none
 */
export const runService = async (
  start: (fail: (error: Error) => void) => Promise<Service>,
  { print }: { readonly print?: (text: string) => void } = {},
): Promise<void> => {
  enterProjectFolder();
  let isStopping = false;
  let signalledAt = Number.NEGATIVE_INFINITY;
  const stop = async (exitCode: number) => {
    if (isStopping) process.exit(1);
    isStopping = true;
    setTimeout(() => process.exit(1), stopTimeoutMs).unref();
    await starting.then((service) => service.close());
    print?.(process.stdout.isTTY ? '\nstopped\n' : 'stopped\n');
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
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      const isRepeated = performance.now() - signalledAt < repeatedSignalMs;
      signalledAt = performance.now();
      if (!isRepeated) void stop(0);
    });
  try {
    await starting;
  } catch (error) {
    printError(error);
    process.exit(1);
  }
};
