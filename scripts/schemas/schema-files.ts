import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { mandatesTopicNames, topics } from '../../contracts/topics.ts';

/** The schema of one version of an event, such as schema.v1.json. */
export type SchemaFile = {
  /** The folder of the event, such as connection-mandate-changed. */
  readonly event: string;
  readonly kind: 'AVRO' | 'JSON';
  readonly path: string;
  /** The same file as it was released. It exists unless the schema is new. */
  readonly releasedPath: string;
};

/** The topic of each event. */
const topicOfEvent: Readonly<Record<string, string>> = {
  'connection-mandate-changed': mandatesTopicNames.json,
  'customer-changed': topics.customers.name,
  'customer-registered': topics.customerRegistrations.name,
  'greeting-posted': topics.greetings.name,
  'order-changed': topics.orders.name,
};

/** Records of both encodings are never in one topic. */
const avroTopicOfEvent: Readonly<Record<string, string>> = {
  'connection-mandate-changed': mandatesTopicNames.avro,
};

const isSchemaFile = (name: string): boolean => /^schema\.v\d+\.(json|avsc)$/.test(name);

/**
 * Lists the schemas in the folders of the events, and those that only the folder `released` still has. Avro comes first.
 * @param folder such as contracts/events
 */
export const listSchemas = (folder: string): SchemaFile[] => {
  const events = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const files = events.flatMap(({ name: event }): SchemaFile[] => {
    const own = join(folder, event);
    const names = new Set([...readdirSync(own), ...readFolder(join(own, 'released'))].filter(isSchemaFile));
    return [...names].sort().map((name) => ({
      event,
      kind: name.endsWith('.avsc') ? 'AVRO' : 'JSON',
      path: join(own, name),
      releasedPath: join(own, 'released', name),
    }));
  });
  return files.sort((a, b) => a.kind.localeCompare(b.kind) || a.path.localeCompare(b.path));
};

/** The subject of the schema in the registry: the topic and -value, as Dapr looks it up. @throws Error if the event has no topic */
export const subjectOf = ({ event, kind, path }: SchemaFile): string => {
  const topic = (kind === 'AVRO' ? avroTopicOfEvent : topicOfEvent)[event];
  if (topic === undefined) throw new Error(`${path}: scripts/schemas/schema-files.ts names no topic for this schema.`);
  return `${topic}-value`;
};

/** Reads and parses a schema; undefined if there is no such file. @throws Error that names the file when it is not JSON */
export const readSchema = (path: string): unknown => {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path} is not JSON.`);
  }
};

const readFolder = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};
