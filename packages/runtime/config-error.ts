/** What a person has to set right before the service can start; the message says how. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}
