import { isDeepStrictEqual } from 'node:util';
import { mandatesEncoding } from '../../../contracts/mandates-encoding.ts';
import { createRegistry } from '../../../contracts/schema-registry.ts';
import { listSchemas, readSchema, subjectOf } from '../../schemas/schema-files.ts';
import { settings } from '../../stack/settings.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import { createCheck } from '../run-checks.ts';

/** `differing`: the subjects whose latest schema is not the one of this version. */
export type RegistryFacts = {
  readonly url: string;
  readonly isReachable: boolean;
  /** Whether the mandates are published in Avro. */
  readonly isNeeded: boolean;
  readonly subjects: number;
  readonly differing: readonly string[];
};

export const assessSchemaRegistry = ({
  url,
  isReachable,
  isNeeded,
  subjects,
  differing,
}: RegistryFacts): readonly Finding[] => {
  if (!isReachable && isNeeded)
    return [
      problem(
        `no schema registry answers at ${url}, and MANDATES_ENCODING=avro needs it`,
        'npm run stack -- up schema-registry, or set SCHEMA_REGISTRY_URL',
      ),
    ];
  if (!isReachable) return [ok(`no schema registry answers at ${url}, and the services need none`)];
  if (differing.length === 0) return [ok(`the schema registry at ${url} has the schemas of all ${subjects} subjects`)];
  const message = `the schema registry at ${url} has other schemas, or none, for ${differing.join(', ')}`;
  return [warning(message, 'npm run schemas -- check, then npm run schemas -- register')];
};

const readRegistry = async (): Promise<RegistryFacts> => {
  const url = settings.schemaRegistryUrl;
  const registry = createRegistry(url);
  const schemas = listSchemas('contracts/events');
  const isNeeded = mandatesEncoding === 'avro';
  if (!(await registry.isReachable()))
    return { url, isReachable: false, isNeeded, subjects: schemas.length, differing: [] };
  const latest = await Promise.all(schemas.map((file) => registry.readLatest(subjectOf(file))));
  const differing = schemas.filter((file, n) => !isDeepStrictEqual(latest[n]?.schema, readSchema(file.path)));
  return { url, isReachable: true, isNeeded, subjects: schemas.length, differing: differing.map(subjectOf) };
};

export const schemaRegistry = createCheck(
  { name: 'schema registry', remedy: 'npm run schemas -- check' },
  readRegistry,
  assessSchemaRegistry,
);
