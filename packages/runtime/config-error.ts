/** A configuration error that prevents the start; the message contains the remedy. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
