import { z } from 'zod';

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Which side of a schema is described: what is sent (`input`), or what comes of it (`output`). */
export type Side = 'input' | 'output';

/**
 * Describes schemas in JSON Schema 2020-12. One that has an id (`.meta({ id })`) becomes a component, which the others
 * refer to; `alsoAccepts` in its meta names further forms in which it takes its input.
 * @throws Error when two schemas share an id
 */
export const jsonSchemas = () => {
  const components: Record<string, JsonSchema> = {};
  const add = (name: string, schema: JsonSchema) => {
    const known = components[name];
    if (known && JSON.stringify(known) !== JSON.stringify(schema)) throw new Error(`two schemas have the id ${name}`);
    components[name] = schema;
  };
  const describe = (schema: z.ZodType, io: Side): JsonSchema => {
    // Within another schema one with an id becomes a reference, too.
    const { properties, $defs = {} } = z.toJSONSchema(z.object({ described: schema }), {
      io,
      override: addAcceptedForms(io),
    });
    for (const [name, definition] of Object.entries($defs)) add(name, referToComponents(definition));
    return referToComponents(properties?.described as JsonSchema);
  };
  return { describe, components };
};

/** Where a schema takes more forms than it gives, both are told. */
const addAcceptedForms =
  (io: Side) =>
  ({ jsonSchema }: { jsonSchema: JsonSchema & { alsoAccepts?: JsonSchema[] } }) => {
    const { alsoAccepts, ...usual } = jsonSchema;
    if (!alsoAccepts) return;
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    Object.assign(jsonSchema, io === 'input' ? { anyOf: [usual, ...alsoAccepts] } : usual);
  };

const referToComponents = <T>(schema: T): T =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/'));
