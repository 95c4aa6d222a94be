import { z } from 'zod';

export class ConfigError extends Error {
  override name = 'ConfigError';
}

/**
 * Reads a service's configuration from environment variables; an empty variable counts as not set.
 * @throws ConfigError that lists every problem at once
 */
export const readEnvironment = <T>(schema: z.ZodType<T>, env: Record<string, string | undefined>): T => {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new ConfigError(`The configuration cannot be used:\n${problems.join('\n')}`);
};

export const port = (otherwise: number) =>
  z.coerce
    .number('a port, 0 to 65535')
    .int('a port, 0 to 65535')
    .min(0, 'a port, 0 to 65535')
    .max(65_535, 'a port, 0 to 65535')
    .default(otherwise);

/** What every service has. */
export const commonSettings = {
  HOST: z.string().default('127.0.0.1'),
  LOG_LEVEL: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'], 'trace, debug, info, warn, error or silent')
    .default('info'),
  /** Where the embedded adapters keep their file. */
  DATA_DIR: z.string().default('.data'),
};
