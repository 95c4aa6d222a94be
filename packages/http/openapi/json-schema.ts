import { z } from 'zod';
import { componentPath, exampleOf, type JsonSchema } from './examples.ts';

/** The side of a schema to describe: the request (`input`) or the parsed value (`output`). */
export type Side = 'input' | 'output';

/**
 * Creates a function that describes schemas in JSON Schema 2020-12, and the list of their components. A schema with an id (`.meta({ id })`) becomes a component that other schemas
 * reference. `alsoAccepts` in its meta lists further accepted forms of its input; `isKnownLater` says that only a response has its value.
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
      override: completeSchema(io),
    });
    for (const [name, definition] of Object.entries($defs)) add(name, referToComponents(definition));
    return referToComponents(properties?.described as JsonSchema);
  };
  return {
    describe,
    exampleOf: (schema: JsonSchema) => exampleOf(schema, components),
    /** All components, each with an example. */
    listComponents: () =>
      Object.fromEntries(
        Object.entries(components).map(([name, schema]) => [
          name,
          { examples: [exampleOf(schema, components)], ...schema },
        ]),
      ),
  };
};

type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

export type SchemaDescriber = ReturnType<typeof createSchemaDescriber>;

/** Adds the examples of a transformed input, which Zod omits, and its further accepted forms (`alsoAccepts`). */
const completeSchema =
  (io: Side) =>
  ({ jsonSchema, zodSchema }: Parameters<Override>[0]) => {
    const { examples } = z.globalRegistry.get(zodSchema) ?? {};
    const {
      alsoAccepts,
      isKnownLater: _,
      ...described
    } = jsonSchema as JsonSchema & {
      alsoAccepts?: JsonSchema[];
      isKnownLater?: true;
    };
    for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
    Object.assign(
      jsonSchema,
      alsoAccepts && io === 'input' ? { anyOf: [described, ...alsoAccepts] } : described,
      examples && { examples },
    );
  };

const referToComponents = <T>(schema: T): T =>
  JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', `"${componentPath}`));
