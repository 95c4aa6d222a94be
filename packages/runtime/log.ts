import { type Logger, pino } from 'pino';
import pretty from 'pino-pretty';
import { ExpectedError } from './expected-error.ts';

/** Creates a log with one JSON line per entry; at a terminal, with readable lines in colour. */
export const createLog = (level: string, out: { isTTY?: boolean; write?(line: string): unknown }): Logger => {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: describeError } };
  if (out.isTTY) return pino(options, pretty({ sync: true, singleLine: true, translateTime: 'SYS:HH:MM:ss.l' }));
  return out === process.stdout || !out.write
    ? pino(options)
    : pino(options, { write: (line) => void out.write?.(line) });
};

/** Omits the stack of an expected error. */
const describeError = (error: unknown) =>
  error instanceof ExpectedError
    ? { type: error.name, message: error.message }
    : pino.stdSerializers.err(error as Error);
