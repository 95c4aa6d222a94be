import type { z } from 'zod';
import { jsonTypes, type Operation } from '../operation.ts';
import type { SchemaDescriber } from './json-schema.ts';

/** The parameters of an operation, each with an example. */
export const describeParameters = ({ path, query, headers }: Operation, { describe, exampleOf }: SchemaDescriber) =>
  [
    { where: 'path', schema: path },
    { where: 'query', schema: query },
    { where: 'header', schema: headers },
  ].flatMap(({ where, schema }) =>
    Object.entries((schema?.shape ?? {}) as Record<string, z.ZodType>).map(([name, field]) => {
      const { description, ...described } = describe(field, 'input');
      const required = !field.safeParse(undefined).success;
      const example = exampleOf(described);
      const isOffered = (required && !field.meta()?.isKnownLater) || described.default !== undefined;
      return {
        name,
        in: where,
        required,
        // The page sends the example of a parameter unless the user clears it. It does not even show the examples of a schema.
        description: isOffered ? description : [description, `For example \`${example}\`.`].filter(Boolean).join(' '),
        ...(isOffered && { example }),
        schema: { ...described, examples: described.examples ?? [example] },
      };
    }),
  );

/** The request body of an operation. Swagger UI shows a file chooser for a body that is a file. */
export const describeRequestBody = (
  { body, bodyTypes, bodyExample }: Operation,
  { describe, exampleOf }: SchemaDescriber,
) => {
  if (!body && !bodyTypes) return undefined;
  const schema = body ? describe(body, 'input') : { type: 'string' as const, format: 'binary' };
  const example = bodyExample ?? exampleOf(schema);
  const content = Object.fromEntries((bodyTypes ?? jsonTypes).map((type) => [type, { schema, example }]));
  return { required: true, content };
};
