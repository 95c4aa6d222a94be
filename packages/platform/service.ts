import { describeDatabaseError, TransientDatabaseError } from '../database/database-error.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { enterProjectFolder } from '../runtime/project-folder.ts';

export type Service = { close(): Promise<void> };

const stopTimeoutMs = 15_000;
/** One Ctrl-C arrives up to three times: from the terminal, from npm and from scripts/run.mjs. A person is slower. */
const repeatedSignalMs = 200;

/**
 * Starts a service in the folder of the project and runs it until SIGINT, SIGTERM, SIGHUP (its terminal was closed) or `fail`; a second
 * signal ends it at once. Correctness never depends on a graceful close.
 * @param start gets a signal that is aborted when the service is to stop; while it starts, it may then throw the reason of the signal
 * @param print prints a line when the service has stopped; a service whose output is a log gives none
 */
export const runService = async (
  start: (fail: (error: Error) => void, stopping: AbortSignal) => Promise<Service>,
  { print }: { readonly print?: (text: string) => void } = {},
): Promise<void> => {
  enterProjectFolder();
  const stopping = new AbortController();
  const { signal } = stopping;
  let signalledAt = Number.NEGATIVE_INFINITY;
  const stop = async (exitCode: number) => {
    if (signal.aborted) process.exit(1);
    stopping.abort();
    setTimeout(() => process.exit(1), stopTimeoutMs).unref();
    await starting.then(
      (service) => service.close(),
      (error) => {
        if (!isStopped(error)) throw error;
      },
    );
    print?.(process.stdout.isTTY ? '\nstopped\n' : 'stopped\n');
    process.exit(exitCode);
  };
  const isStopped = (error: unknown) => signal.aborted && error === signal.reason;
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
  }, signal);
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => {
      const isRepeated = performance.now() - signalledAt < repeatedSignalMs;
      signalledAt = performance.now();
      if (!isRepeated) void stop(0);
    });
  try {
    await starting;
  } catch (error) {
    if (isStopped(error)) return;
    printError(error);
    process.exit(1);
  }
};
