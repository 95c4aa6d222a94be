import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** The side of a schema to describe: the request (`input`) or the parsed value (`output`). */
export type Side = 'input' | 'output';

/**
 * Creates a function that describes schemas in JSON Schema 2020-12, and the list of their components. A schema with an id (`.meta({ id })`) becomes a component that other schemas
 * reference. `alsoAccepts` in its meta lists further accepted forms of its input.
 * `describe` throws an Error when two schemas share an id.
 */
export const createSchemaDescriber = () => {
  const components: Record<string, JsonSchema> = {};
  const add = (name: string, schema: JsonSchema) => {
    const known = components[name];
    if (known && JSON.stringify(known) !== JSON.stringify(schema)) throw new Error(`two schemas have the id ${name}`);
    components[name] = schema;
  };
  const describe = (schema: z.ZodType, io: Side): JsonSchema => {
    // Only a nested schema with an id becomes a reference, so wrap the schema in an object.
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ described: schema }), {
      io,
      override: addAcceptedForms(io),
    });
    for (const [name, definition] of Object.entries($defs)) add(name, referToComponents(definition));
    return referToComponents(properties?.described as JsonSchema);
  };
  return { describe, components };
};

/** Adds the further accepted forms (`alsoAccepts`) to the description of an input. */
const addAcceptedForms =
  (io: Side) =>
  ({ jsonSchema }: { jsonSchema: JsonSchema & { alsoAccepts?: JsonSchema[] } }) => {
    const { alsoAccepts, ...described } = jsonSchema;
    if (!alsoAccepts) return;
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    Object.assign(jsonSchema, io === 'input' ? { anyOf: [described, ...alsoAccepts] } : described);
  };

const referToComponents = <T>(schema: T): T =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
