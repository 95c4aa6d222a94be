import type { z } from 'zod';
import { groupBy } from '../../runtime/group-by.ts';
import { jsonTypes, listErrorCodes, type Operation, type OperationResponse, type Routes } from '../operation.ts';
import { listRequestCheckErrors } from '../server/check-request.ts';
import { commonStatuses, type ProblemStatuses, problemSchema, problemType } from '../server/problem.ts';
import { createSchemaDescriber } from './json-schema.ts';

/** The head of the document; `events` is an AsyncAPI document. */
export type ApiDescription = { readonly title: string; readonly description: string; readonly events: object };

type Describe = ReturnType<typeof createSchemaDescriber>['describe'];

/**
 * Describes the routes in OpenAPI 3.1, with the same schemas that validate the requests.
 * @throws Error when an operation lists an error code without a status
 */
export const createOpenApiDocument = (
  routes: Routes,
  { title, description }: ApiDescription,
  statuses: ProblemStatuses,
) => {
  const { describe, components } = createSchemaDescriber();
  const describeErrorCodes = describeErrors(describe, { ...commonStatuses, ...statuses });
  const paths = Object.entries(routes).map(([path, operations]) => [
    path.replaceAll(/:(\w+)/g, '{$1}'),
    Object.fromEntries(
      Object.entries(operations).map(([method, operation]) => [
        method,
        {
          operationId: createOperationId(method, path),
          summary: operation.summary,
          description: operation.description,
          tags: operation.tag && [operation.tag],
          parameters: describeParameters(operation, describe),
          requestBody: describeRequestBody(operation, describe),
          responses: mergeResponses(
            describeResponses(operation, describe),
            describeErrorCodes([...listRequestCheckErrors(method), ...listErrorCodes(operation)]),
          ),
        },
      ]),
    ),
  ]);
  return omitUndefined({
    openapi: '3.1.0',
    info: { title, description, version: '1.0.0' },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(paths),
    components: { schemas: components },
  });
};

const createOperationId = (method: string, path: string) =>
  [method, ...(path === '/' ? ['root'] : path.split(/\W+/).filter(Boolean))]
    .map((word, n) => (n === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');

const describeParameters = ({ path, query, headers }: Operation, describe: Describe) =>
  [
    { where: 'path', schema: path },
    { where: 'query', schema: query },
    { where: 'header', schema: headers },
  ].flatMap(({ where, schema }) =>
    Object.entries((schema?.shape ?? {}) as Record<string, z.ZodType>).map(([name, field]) => {
      const { description, ...described } = describe(field, 'input');
      return { name, in: where, required: !field.safeParse(undefined).success, description, schema: described };
    }),
  );

const describeRequestBody = ({ body, bodyTypes }: Operation, describe: Describe) => {
  if (!body && !bodyTypes) return undefined;
  const schema = body ? describe(body, 'input') : { type: 'string' };
  const content = Object.fromEntries((bodyTypes ?? jsonTypes).map((type) => [type, { schema }]));
  return { required: true, content };
};

type Responses = Record<string, { description: string; headers?: object | undefined; content?: object | undefined }>;

const describeResponses = ({ responses }: Operation, describe: Describe): Responses =>
  Object.fromEntries(
    Object.entries(responses).map(([status, response]) => [status, describeResponse(response, describe)]),
  );

const describeResponse = ({ description, schema, mediaType, headers }: OperationResponse, describe: Describe) => ({
  description,
  headers:
    headers &&
    Object.fromEntries(
      Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
    ),
  content:
    schema || mediaType
      ? { [mediaType ?? jsonTypes[0]]: { schema: schema ? describe(schema, 'output') : { type: 'string' } } }
      : undefined,
});

/** One response per status, which lists the error codes with this status. */
const describeErrors =
  (describe: Describe, statuses: ProblemStatuses) =>
  (codes: readonly string[]): Responses => {
    const byStatus = groupBy([...new Set(codes)], (code) => {
      if (!statuses[code]) throw new Error(`the error code ${code} has no status`);
      return String(statuses[code]);
    });
    return Object.fromEntries(
      [...byStatus].map(([status, sameStatus]) => {
        const types = { properties: { type: { enum: sameStatus.map(problemType) } } };
        const schema = { allOf: [describe(problemSchema, 'output'), types] };
        return [status, { description: sameStatus.join(', '), content: { 'application/problem+json': { schema } } }];
      }),
    );
  };

/** A status can have both a response of the operation and errors. */
const mergeResponses = (responses: Responses, errorResponses: Responses): Responses => {
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

const omitUndefined = <T>(document: T): T => JSON.parse(JSON.stringify(document));
