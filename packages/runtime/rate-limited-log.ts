import type { Logger } from 'pino';

/** How often one message is logged: the first of a window whole, the rest as a number when the window ends. */
export type LogRate = { readonly entries: number; readonly windowMs: number };

export type RateLimitedLog = {
  warn(entry: object, message: string): void;
  error(entry: object, message: string): void;
};

const defaultRate: LogRate = { entries: 5, windowMs: 10_000 };

/**
 * A log for what can happen hundreds of times a second: a store or a broker that is away, a flood of bad records. Messages are
 * constants, and each has a window of its own.
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
