import type { AsyncApiDocument } from '../events-page/document.ts';
import { listErrorCodes, type Operation, type Routes } from '../operation.ts';
import { listRequestCheckErrors } from '../server/check-request.ts';
import type { ProblemStatuses } from '../server/problem.ts';
import { createSchemaDescriber } from './json-schema.ts';
import { describeParameters, describeRequestBody } from './request-description.ts';
import { createErrorDescriber, describeResponses, mergeResponses } from './response-description.ts';

/** The head of the document, and the events that the service publishes or follows. */
export type ApiDescription = {
  readonly title: string;
  readonly description: string;
  readonly events: AsyncApiDocument;
};

/**
 * Describes the routes in OpenAPI 3.1, with the same schemas that validate the requests.
 * @throws Error when an operation lists an error code without a status
 */
export const createOpenApiDocument = (
  routes: Routes,
  { title, description }: ApiDescription,
  statuses: ProblemStatuses,
) => {
  const schemas = createSchemaDescriber();
  const describeErrors = createErrorDescriber(schemas, statuses);
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
          security: describeSecurity(operation),
          parameters: describeParameters(operation, schemas),
          requestBody: describeRequestBody(operation, schemas),
          responses: mergeResponses(
            describeResponses(operation, schemas),
            describeErrors([...listRequestCheckErrors(method), ...listErrorCodes(operation)]),
          ),
        },
      ]),
    ),
  ]);
  const usesToken = Object.values(routes).some((operations) => Object.values(operations).some(({ token }) => token));
  return omitUndefined({
    openapi: '3.1.0',
    info: { title, description, version: '1.0.0' },
    servers: [{ url: '/' }],
    paths: Object.fromEntries(paths),
    components: {
      schemas: schemas.listComponents(),
      securitySchemes: usesToken ? securitySchemes : undefined,
    },
  });
};

const securitySchemes = {
  operator: { type: 'http', scheme: 'bearer', description: 'The value of OPERATOR_TOKEN.' },
};

const describeSecurity = ({ token }: Operation) => token && [...(token === 'optional' ? [{}] : []), { operator: [] }];

const createOperationId = (method: string, path: string) =>
  [method, ...(path === '/' ? ['root'] : path.split(/\W+/).filter(Boolean))]
    .map((word, n) => (n === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1)))
    .join('');

const omitUndefined = <T>(document: T): T => JSON.parse(JSON.stringify(document));
