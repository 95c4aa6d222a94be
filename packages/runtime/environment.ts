import { z } from 'zod';
import { ConfigError } from './config-error.ts';

const heading = 'The configuration is invalid:';

/**
 * Parses the configuration from environment variables; an empty variable counts as not set.
 * @throws ConfigError that lists every problem at once
 */
export const readEnvironment = <T>(schema: z.ZodType<T>, env: Record<string, string | undefined>): T => {
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const result = schema.safeParse(set);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`);
  throw new ConfigError(`${heading}\n${problems.join('\n')}`);
};

/**
 * Reads the configurations of several services. @throws ConfigError that lists every problem of all of them once
 */
export const readEnvironments = <T extends readonly unknown[]>(
  ...readers: { readonly [i in keyof T]: () => T[i] }
): T => {
  const problems = new Set<string>();
  const configs = readers.map((read) => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.message.split('\n').slice(1)) problems.add(problem);
      return undefined;
    }
  });
  if (problems.size > 0) throw new ConfigError(`${heading}\n${[...problems].join('\n')}`);
  return configs as unknown as T;
};

const portFormat = 'a port, 0 to 65535';
/** Schema of a port in an environment variable. */
export const port = () => z.coerce.number(portFormat).int(portFormat).min(0, portFormat).max(65_535, portFormat);
