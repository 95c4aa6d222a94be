import { createRegistry } from '../../contracts/schema-registry.ts';
import { readSchema, type SchemaFile, subjectOf } from './schema-files.ts';

export type RegisteredSchema = { readonly subject: string; readonly id: number; readonly path: string };

/**
 * Registers the schemas under the subjects of their topics. Those that the registry has already keep their ids.
 * @param url the base of the registry's Confluent API
 * @throws Error when the registry does not answer, or refuses a schema as incompatible with an earlier version
 */
export const registerSchemas = async (url: string, schemas: readonly SchemaFile[]): Promise<RegisteredSchema[]> => {
  const registry = createRegistry(url);
  const registered: RegisteredSchema[] = [];
  for (const file of schemas) {
    const schema = readSchema(file.path);
    if (schema === undefined) throw new Error(`${file.path} was removed: restore it from ${file.releasedPath}.`);
    const subject = subjectOf(file);
    await registry.requireCompatibility(subject);
    registered.push({ subject, id: await registry.register(subject, file.kind, schema), path: file.path });
  }
  return registered;
};
