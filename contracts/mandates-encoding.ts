import { z } from 'zod';

const encodings = ['json', 'avro'] as const;
const defaultSchemaRegistryUrl = 'http://localhost:8081/apis/ccompat/v7';

/** The variables, for the configuration of the services that publish or follow the mandates. */
export const mandatesEncodingVariables = {
  MANDATES_ENCODING: z.enum(encodings, 'json or avro').default('json'),
  /** The Confluent API of the schema registry, used with Avro. */
  SCHEMA_REGISTRY_URL: z
    .url({ protocol: /^https?$/, error: `an address such as ${defaultSchemaRegistryUrl}` })
    .default(defaultSchemaRegistryUrl),
};

/**
 * The encoding and the topic of the mandates: JSON, or Avro with a schema registry. Topics and views are constants, so it is read once,
 * when a process starts. Services and commands refuse any other value when they read their configuration.
 */
export const mandatesEncoding: (typeof encodings)[number] = process.env.MANDATES_ENCODING === 'avro' ? 'avro' : 'json';

export const schemaRegistryUrl = (process.env.SCHEMA_REGISTRY_URL || defaultSchemaRegistryUrl).replace(/\/+$/, '');
