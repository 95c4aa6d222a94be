import { setTimeout as delay } from 'node:timers/promises';
import { readComponents, readResourcesPath } from '../components.ts';
import { withLabEnvironment } from './lab-environment.ts';

const labTimeoutMs = 1_000;

/** The variables that select Avro, where a component of the folder has a schema registry. */
const readEncoding = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => {
  const registries = readComponents(readResourcesPath(env)).map(({ metadata }) => metadata.schemaRegistryURL);
  const url = registries.find((value) => value !== undefined);
  return url === undefined ? {} : { MANDATES_ENCODING: 'avro', SCHEMA_REGISTRY_URL: url };
};

const set = (env: NodeJS.ProcessEnv, { MANDATES_ENCODING, SCHEMA_REGISTRY_URL }: NodeJS.ProcessEnv): void => {
  if (MANDATES_ENCODING && !env.MANDATES_ENCODING) env.MANDATES_ENCODING = MANDATES_ENCODING;
  if (SCHEMA_REGISTRY_URL && !env.SCHEMA_REGISTRY_URL) env.SCHEMA_REGISTRY_URL = SCHEMA_REGISTRY_URL;
};

/** Sets the encoding of the mandates and the registry from the components of RESOURCES_PATH, unless they are set. */
export const adoptEncodingOfComponents = (env: NodeJS.ProcessEnv): void => {
  if (env.MANDATES_ENCODING !== 'json') set(env, readEncoding(env));
};

/**
 * Sets the encoding of the mandates for a command: what is set stays, else it is the one of the running lab, else the one of the
 * components of RESOURCES_PATH. Call it before the topics are imported. A command on the file of npm start takes it from its variable only.
 */
export const adoptEncoding = async (env: NodeJS.ProcessEnv, args: readonly string[]): Promise<void> => {
  if (env.MANDATES_ENCODING === 'json' || args.includes('--embedded') || args.includes('--help')) return;
  // A lab that is stopped by SIGSTOP does not answer. The command itself reports what is wrong with its variables.
  const ofLab = withLabEnvironment({ ...env }, 'iot-platform').catch(() => ({}));
  set(env, await Promise.race([ofLab, delay(labTimeoutMs, {}, { ref: false })]));
  if (env.RESOURCES_PATH) adoptEncodingOfComponents(env);
};
