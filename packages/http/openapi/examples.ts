import type { z } from 'zod';

export type JsonSchema = z.core.JSONSchema.BaseSchema;
type Components = Readonly<Record<string, JsonSchema>>;

export const componentPath = '#/components/schemas/';

/** Examples of strings that only a format describes. */
const formatExamples: Readonly<Record<string, string>> = {
  'date-time': '2026-11-26T12:00:00.123Z',
  date: '2026-12-24',
  uuid: '0b0f8f0e-6f0a-4c59-9d6c-6f1f0e0d5a01',
};

/**
 * An example of a schema: its own, its only, default or first value, or one that is composed of the examples of its parts. Optional properties
 * without an example are omitted.
 * @param components the schemas to which `$ref` refers, by name
 * @returns undefined if a required part has no example
 */
export const exampleOf = (schema: JsonSchema, components: Components): unknown => {
  const [own = schema.const ?? schema.default ?? schema.enum?.[0]] = schema.examples ?? [];
  if (own !== undefined) return own;
  if (schema.$ref) return exampleOf(components[schema.$ref.slice(componentPath.length)] ?? {}, components);
  if (schema.anyOf) return schema.anyOf.map(exampleIn(components)).find((example) => example !== undefined);
  if (schema.type === 'object') return composeObject(schema, components);
  if (schema.type === 'array') return composeArray(schema, components);
  // Zod writes a nullable string as one schema with two types.
  const isNullable = [schema.type].flat().includes('null');
  return formatExamples[schema.format ?? ''] ?? (isNullable ? null : undefined);
};

const exampleIn = (components: Components) => (schema: z.core.JSONSchema._JSONSchema) =>
  typeof schema === 'boolean' ? undefined : exampleOf(schema, components);

const composeObject = ({ properties = {}, required = [] }: JsonSchema, components: Components) => {
  const examples = Object.entries(properties).map(([name, schema]) => [name, exampleIn(components)(schema)] as const);
  const composed = Object.fromEntries(examples.filter(([, example]) => example !== undefined));
  return required.every((name) => Object.hasOwn(composed, name)) ? composed : undefined;
};

const composeArray = ({ items }: JsonSchema, components: Components) => {
  const example = exampleOf(items as JsonSchema, components);
  return example === undefined ? undefined : [example];
};
