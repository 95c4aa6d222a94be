import { createRegistry } from '../../contracts/schema-registry.ts';
import { findAvroChanges } from './compare-avro-schemas.ts';
import { findJsonSchemaChanges } from './compare-json-schemas.ts';
import { readSchema, type SchemaFile, subjectOf } from './schema-files.ts';

/** `isChanged`: it is compatible with the released schema, but not the same. `isNew`: there is no released schema. */
export type CheckedSchema = {
  readonly path: string;
  readonly problems: readonly string[];
  readonly isNew: boolean;
  readonly isChanged: boolean;
};

/** Compares each schema with the released one. Problems begin with the field that they are about. */
export const checkReleased = (schemas: readonly SchemaFile[]): CheckedSchema[] =>
  schemas.map((file) => {
    const [released, current] = [readSchema(file.releasedPath), readSchema(file.path)];
    const isNew = released === undefined;
    const problems = isNew ? validate(file, current) : compare(file, released, current);
    return { path: file.path, problems, isNew, isChanged: JSON.stringify(released) !== JSON.stringify(current) };
  });

/** Compares each schema with the latest one of its subject in the registry. @throws Error when the registry does not answer */
export const checkRegistered = async (url: string, schemas: readonly SchemaFile[]): Promise<CheckedSchema[]> => {
  const registry = createRegistry(url);
  return Promise.all(
    schemas.map(async (file) => {
      const [latest, current] = [await registry.readLatest(subjectOf(file)), readSchema(file.path)];
      const found = latest ? compare(file, latest.schema, current) : [];
      const isOtherKind = latest !== undefined && latest.kind !== file.kind;
      const problems = isOtherKind
        ? [`the registry has a schema of type ${latest.kind} for ${subjectOf(file)}.`]
        : found;
      const isChanged = JSON.stringify(latest?.schema) !== JSON.stringify(current);
      return { path: file.path, problems, isNew: latest === undefined, isChanged };
    }),
  );
};

const compare = ({ kind }: SchemaFile, released: unknown, current: unknown): string[] => {
  if (current === undefined) return ['the file was removed: the log keeps its events forever, so their schema stays.'];
  try {
    return kind === 'AVRO' ? findAvroChanges(released, current) : findJsonSchemaChanges(released, current);
  } catch (error) {
    return [`it is not an Avro schema: ${(error as Error).message}.`];
  }
};

/** A new Avro schema is compared with itself, which fails if it is not valid. */
const validate = (file: SchemaFile, current: unknown): string[] => compare(file, current, current);
