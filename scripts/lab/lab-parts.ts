import { createRegistry } from '../../contracts/schema-registry.ts';
import { defaultPartNames, type PartName } from '../stack/parts.ts';
import { settings as stack } from '../stack/settings.ts';

const isOfStack = (url: string) =>
  new RegExp(`^http://(localhost|127\\.0\\.0\\.1|\\[::1\\]):${stack.schemaRegistryPort}/`).test(url);

/**
 * The parts of the stack that the lab needs: with the mandates in Avro also the schema registry, unless SCHEMA_REGISTRY_URL names
 * another one.
 */
export const listLabParts = ({ MANDATES_ENCODING, SCHEMA_REGISTRY_URL }: NodeJS.ProcessEnv): readonly PartName[] =>
  MANDATES_ENCODING === 'avro' && (!SCHEMA_REGISTRY_URL || isOfStack(SCHEMA_REGISTRY_URL))
    ? [...defaultPartNames, 'schema-registry']
    : defaultPartNames;

/** What to print if the mandates need a schema registry and none answers; undefined otherwise. */
export const describeMissingRegistry = async ({
  MANDATES_ENCODING,
  SCHEMA_REGISTRY_URL: url,
}: NodeJS.ProcessEnv): Promise<string | undefined> =>
  MANDATES_ENCODING === 'avro' && url && !(await createRegistry(url).isReachable())
    ? `The schema registry at ${url} does not answer: the mandates wait in the outbox of the CRM until it does.`
    : undefined;
