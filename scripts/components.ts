import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** A Dapr component as declared in YAML, without metadata that refers to a secret. */
export type Component = { file: string; name: string; type: string; metadata: Readonly<Record<string, string>> };

type Manifest = {
  kind?: unknown;
  metadata?: { name?: unknown };
  spec?: { type?: unknown; metadata?: { name?: unknown; value?: unknown }[] };
};

/** The folder of Dapr components that the sidecars load. */
export const readResourcesPath = (env: NodeJS.ProcessEnv): string => env.RESOURCES_PATH || 'dapr-components';

/** Reads the components of a folder. A file that cannot be parsed is skipped, because the sidecar reports it. */
export const readComponents = (folder: string): Component[] =>
  yamlFilesIn(folder).flatMap((name) => {
    const file = join(folder, name);
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    return [...documents].flatMap((document) =>
      document.errors.length > 0 ? [] : componentOf(file, document.toJS() as Manifest | null),
    );
  });

/** A file of the folder that is not YAML, with the place and the reason of the first error. */
export type UnreadableFile = { readonly file: string; readonly reason: string };

/** Finds the files of a folder that cannot be parsed. @throws Error if the folder cannot be read */
export const findUnreadableFiles = (folder: string): UnreadableFile[] =>
  yamlFilesIn(folder).flatMap((name) => {
    const file = join(folder, name);
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    const [error] = [...documents].flatMap(({ errors }) => errors);
    return error ? [{ file, reason: error.message.split('\n')[0]?.replace(/:$/, '') ?? '' }] : [];
  });

const yamlFilesIn = (folder: string): string[] => {
  try {
    // Subfolders are skipped, as the sidecar does.
    return readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  } catch (error) {
    throw new Error(`The folder ${folder} (RESOURCES_PATH) cannot be read: ${(error as Error).message}`);
  }
};

const componentOf = (file: string, manifest: Manifest | null): Component[] => {
  if (manifest?.kind !== 'Component') return [];
  const { metadata, spec } = manifest;
  const entries = Array.isArray(spec?.metadata) ? spec.metadata : [];
  const values = entries.filter(({ value }) => value !== undefined && value !== null);
  return [
    {
      file,
      name: String(metadata?.name),
      type: String(spec?.type),
      metadata: Object.fromEntries(values.map(({ name, value }) => [String(name), String(value)])),
    },
  ];
};

/** A service that consumes events, by its app-id. Its component and its group have default names of the same form. */
export type ConsumerId = 'iot-platform' | 'customer-view';

/** The pubsub component of a service: PUBSUB_NAME, else the one that is named after it. */
export const pubsubOf = (
  id: ConsumerId,
  env: NodeJS.ProcessEnv,
  components: readonly Component[],
): Component | undefined => components.find(({ name }) => name === (env.PUBSUB_NAME || `${id}-pubsub`));

/**
 * The consumer group of a service: CONSUMER_GROUP, else the consumerGroup of its pubsub component. Without a
 * consumerGroup Dapr uses the consumerID, and without that the app-id.
 */
export const consumerGroupOf = (id: ConsumerId, env: NodeJS.ProcessEnv, components: readonly Component[]): string => {
  if (env.CONSUMER_GROUP) return env.CONSUMER_GROUP;
  const pubsub = pubsubOf(id, env, components);
  if (!pubsub) return `${id}-consumer`;
  return pubsub.metadata.consumerGroup || pubsub.metadata.consumerID || id;
};
