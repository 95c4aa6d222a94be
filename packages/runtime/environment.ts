import { z } from 'zod';
import { ConfigError } from './config-error.ts';

/**
 * Parses the configuration from environment variables; an empty variable counts as not set.
 * @throws ConfigError that lists every problem at once
 */
export const readEnvironment = <T>(schema: z.ZodType<T>, env: Record<string, string | undefined>): T => {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new ConfigError(`The configuration is invalid:\n${problems.join('\n')}`);
};

const portFormat = 'a port, 0 to 65535';
/** Schema of a port in an environment variable. */
export const port = () => z.coerce.number(portFormat).int(portFormat).min(0, portFormat).max(65_535, portFormat);
