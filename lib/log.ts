import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';

/** Structured JSON, one line per entry, on standard output; for a person at a terminal the same in words and colours. */
export const createLog = (level: string, out: { isTTY?: boolean }): Logger => {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return out.isTTY ? pino(options, pretty({ sync: true, translateTime: 'SYS:HH:MM:ss.l' })) : pino(options);
};
