import type { Response } from 'express';
import type { LogReader } from '../../projections/log-reader.ts';
import type { DomainError } from '../../runtime/domain-error.ts';

/** Runs at most `limit` works at a time, and refuses the next one. */
export const limitConcurrency = (limit: number, createRefusal: (limit: number) => DomainError) => {
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= limit) throw createRefusal(limit);
    running++;
    try {
      return await work();
    } finally {
      running--;
    }
  };
};

/** Aborted once the response is sent, or its client has left. */
export const signalClosed = (res: Response): AbortSignal => {
  const closed = new AbortController();
  res.on('close', () => closed.abort());
  return closed.signal;
};

/** A log whose reads end once the signal is aborted. */
export const stopLogAt = (log: LogReader, stopping: AbortSignal): LogReader => ({
  offsets: async (topic) => {
    stopping.throwIfAborted();
    return log.offsets(topic);
  },
  read: (topic, ranges, handle, signal) =>
    log.read(topic, ranges, handle, signal ? AbortSignal.any([signal, stopping]) : stopping),
});
