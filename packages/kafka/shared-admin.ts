import type { Admin } from 'kafkajs';
import { connectAdmin, type RequestLimits, serviceLimits, type UseAdmin } from './client.ts';

/** An admin client that a service keeps. `close` rejects calls that wait, and all later ones. */
export type SharedAdmin = { readonly use: UseAdmin; close(): void };

type WaitingCall = { start(): Promise<void>; reject(error: unknown): void };

/**
 * Creates an admin client that connects with the first call, keeps its connection, and connects again after an error. Calls run one at a
 * time, because the client keeps the metadata of the latest call only, and another topic would seem to have no partitions. If the broker
 * does not answer in time, the calls that wait fail as well, so no call waits longer than two.
 */
export const createSharedAdmin = (brokers: readonly string[], limits: RequestLimits = serviceLimits): SharedAdmin => {
  const waiting: WaitingCall[] = [];
  let admin: Admin | undefined;
  let isRunning = false;
  let isClosed = false;

  const disconnect = () => {
    // The connection is given up, so it does not matter how that ends.
    admin?.disconnect().catch(() => undefined);
    admin = undefined;
  };
  const rejectWaiting = (error: unknown) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };

  const runOnNewConnection = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    const connected = await connectAdmin(brokers, limits).catch((error: unknown) => {
      rejectWaiting(error);
      throw error;
    });
    admin = connected;
    if (isClosed) throw createClosedError();
    return work(connected);
  };
  const run = async <T>(work: (admin: Admin) => Promise<T>): Promise<T> => {
    if (!admin) return runOnNewConnection(work);
    return work(admin).catch((error: unknown) => {
      if (isTimeout(error) || isClosed) throw error;
      // The broker has closed the connection, or it has deleted a topic of an earlier call, which the client still asks for.
      disconnect();
      return runOnNewConnection(work);
    });
  };

  const startNext = async (): Promise<void> => {
    const next = isRunning ? undefined : waiting.shift();
    if (!next) return;
    isRunning = true;
    await next.start();
    isRunning = false;
    if (isClosed) disconnect();
    void startNext();
  };

  return {
    use: (work) =>
      new Promise((resolve, reject) => {
        if (isClosed) return reject(createClosedError());
        const start = () =>
          run(work).then(resolve, (error: unknown) => {
            disconnect();
            if (isTimeout(error)) rejectWaiting(error);
            reject(error);
          });
        waiting.push({ start, reject });
        void startNext();
      }),
    close: () => {
      isClosed = true;
      rejectWaiting(createClosedError());
      // The client would connect again for the next request of a running call.
      if (!isRunning) disconnect();
    },
  };
};

const createClosedError = () => new Error('the connection to Kafka is closed, because the service stops');

/** Whether the broker did not answer in time. kafkajs wraps the error. */
const isTimeout = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'KafkaJSRequestTimeoutError' || isTimeout(error.cause));
