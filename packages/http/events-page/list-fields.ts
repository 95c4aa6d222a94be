import type { JsonSchema } from './document.ts';

/** A field of an event; `path` is its name, below the names of the objects that contain it. */
export type Field = {
  readonly path: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly description: string | undefined;
  /** What a value must satisfy, such as `at most 100 characters`. */
  readonly rules: readonly string[];
  readonly pattern: string | undefined;
  /** A value as JSON; undefined for an object, whose fields follow. */
  readonly example: string | undefined;
};

/** Lists the fields of an object schema, each before the fields that it contains. @param example a value of the schema */
export const listFields = (schema: JsonSchema, example: unknown, prefix = ''): Field[] =>
  variantsOf(schema).flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties).flatMap(([name, property]) => {
      if (typeof property === 'boolean') return [];
      const path = `${prefix}${name}`;
      const value = (example as Record<string, unknown> | null | undefined)?.[name];
      const field = describeField(property, path, required.includes(name), property.examples?.[0] ?? value);
      const items = variantsOf(property).flatMap((variant) =>
        typeof variant.items === 'object' && !Array.isArray(variant.items) ? [variant.items as JsonSchema] : [],
      );
      return [
        field,
        ...listFields(property, value, `${path}.`),
        ...items.flatMap((item) => listFields(item, (value as unknown[] | undefined)?.[0], `${path}[].`)),
      ];
    }),
  );

/** The schemas of which a value may satisfy any one. */
const variantsOf = (schema: JsonSchema): JsonSchema[] => {
  const variants = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].flatMap((one) =>
    typeof one === 'boolean' ? [] : variantsOf(one),
  );
  return variants.length > 0 ? variants : [schema];
};

const describeField = (schema: JsonSchema, path: string, isRequired: boolean, example: unknown): Field => {
  const parts = variantsOf(schema).flatMap((variant) => [variant, ...(variant.allOf ?? [])]) as JsonSchema[];
  const types = new Set(parts.flatMap(({ type }) => type ?? []));
  const isObject = types.has('object');
  return {
    path,
    type: [...types].join(' or ') || 'any',
    isRequired,
    description: schema.description,
    rules: parts.flatMap(listRules),
    pattern: parts.flatMap(({ pattern }) => pattern ?? []).join(' and ') || undefined,
    example: isObject || example === undefined ? undefined : JSON.stringify(example),
  };
};

const listRules = (schema: JsonSchema): string[] => [
  ...('const' in schema ? [`always ${JSON.stringify(schema.const)}`] : []),
  ...(schema.enum ? [`one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`] : []),
  ...(schema.format ? [`format ${schema.format}`] : []),
  ...(schema.minLength === undefined ? [] : [`at least ${schema.minLength} characters`]),
  ...(schema.maxLength === undefined ? [] : [`at most ${schema.maxLength} characters`]),
  ...(schema.minimum === undefined ? [] : [`at least ${schema.minimum}`]),
  ...(schema.maximum === undefined ? [] : [`at most ${schema.maximum}`]),
];
