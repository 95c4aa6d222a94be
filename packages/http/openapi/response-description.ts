import { groupBy } from '../../runtime/group-by.ts';
import { jsonTypes, type Operation, type OperationResponse } from '../operation.ts';
import {
  commonStatuses,
  createProblemExample,
  type ProblemStatuses,
  problemSchema,
  problemType,
} from '../server/problem.ts';
import type { SchemaDescriber } from './json-schema.ts';

type Responses = Record<string, { description: string; headers?: object | undefined; content?: object | undefined }>;

export const describeResponses = ({ responses }: Operation, schemas: SchemaDescriber): Responses =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [status, describeResponse(response, schemas)]),
  );

const describeResponse = (
  { description, schema, mediaType = jsonTypes[0], example, headers }: OperationResponse,
  { describe, exampleOf }: SchemaDescriber,
) => {
  const described = schema ? describe(schema, 'output') : { type: 'string' as const };
  return {
    description,
    headers:
      headers &&
      Object.fromEntries(
        Object.entries(headers).map(([name, header]) => [name, { ...header, schema: { type: 'string' } }]),
      ),
    content:
      schema || example !== undefined
        ? { [mediaType]: { schema: described, example: example ?? exampleOf(described) } }
        : undefined,
  };
};

/** One response per status, which lists the error codes with this status. */
export const createErrorDescriber = ({ describe }: SchemaDescriber, ownStatuses: ProblemStatuses) => {
  const statuses = { ...commonStatuses, ...ownStatuses };
  return (codes: readonly string[]): Responses => {
    const byStatus = groupBy([...new Set(codes)], (code) => {
      if (!statuses[code]) throw new Error(`the error code ${code} has no status`);
      return String(statuses[code]);
    });
    return Object.fromEntries(
      [...byStatus].map(([status, sameStatus]) => {
        const types = { properties: { type: { enum: sameStatus.map(problemType) } } };
        const schema = { allOf: [describe(problemSchema, 'output'), types] };
        const example = createProblemExample(String(sameStatus[0]), Number(status));
        return [
          status,
          { description: sameStatus.join(', '), content: { 'application/problem+json': { schema, example } } },
        ];
      }),
    );
  };
};

/** A status can have both a response of the operation and errors. */
export const mergeResponses = (responses: Responses, errorResponses: Responses): Responses => {
  const merged = { ...errorResponses, ...responses };
  for (const [status, { description, content }] of Object.entries(errorResponses))
    if (responses[status])
      merged[status] = {
        ...responses[status],
        description: `${responses[status].description} Or ${description}`,
        content: { ...responses[status].content, ...content },
      };
  return merged;
};
