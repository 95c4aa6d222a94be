import { ConfigError } from './config.ts';

export type Service = { close(): Promise<void> };

const stopAtTheLatestAfterMs = 15_000;

/**
 * Starts a service and keeps it running until SIGINT or SIGTERM; a second signal ends it at once. Closing gracefully is
 * a courtesy: correctness never depends on it.
 */
export const runService = async (start: () => Promise<Service>): Promise<void> => {
  const starting = start();
  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    setTimeout(() => process.exit(1), stopAtTheLatestAfterMs).unref();
    await starting.then((service) => service.close());
    process.exit(0);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void stop());
  try {
    await starting;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
};
