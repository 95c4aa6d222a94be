import type { Logger } from 'pino';

/** Per message, the first `entries` of a window are logged; the others are counted when the window ends. */
export type LogRate = { readonly entries: number; readonly windowMs: number };

export type RateLimitedLog = {
  warn(entry: object, message: string): void;
  error(entry: object, message: string): void;
};

const defaultRate: LogRate = { entries: 5, windowMs: 10_000 };

/**
 * Creates a log for events that can happen hundreds of times a second, such as an unavailable broker or a flood of poison records.
 * Messages must be constants, because each message has its own window. Default: 5 entries in 10 seconds.
 */
export const createRateLimitedLog = (log: Logger, { entries, windowMs }: LogRate = defaultRate): RateLimitedLog => {
  const seen = new Map<string, number>();
  const write = (level: 'warn' | 'error') => (entry: object, message: string) => {
    const before = seen.get(message);
    seen.set(message, (before ?? 0) + 1);
    if ((before ?? 0) < entries) log[level](entry, message);
    if (before !== undefined) return;
    const endWindow = () => {
      const more = (seen.get(message) as number) - entries;
      seen.delete(message);
      if (more > 0) log[level]({ more, seconds: windowMs / 1_000 }, `${message}: ${more} more`);
    };
    setTimeout(endWindow, windowMs).unref();
  };
  return { warn: write('warn'), error: write('error') };
};
