import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { DomainError } from '../runtime/domain-error.ts';
import { validate } from '../runtime/validate.ts';
import type { TokenUse } from './operator-token.ts';
import { mediaTypeRemedy } from './server/problem.ts';

/** The response of an operation with one status. Without schema and example the body is empty. */
export type OperationResponse = {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: `application/json`. */
  readonly mediaType?: string;
  /** A body that is not JSON. The example of a JSON body is in its schema. */
  readonly example?: string;
  /** By header name. */
  readonly headers?: Readonly<Record<string, { readonly description: string; readonly example: string }>>;
};

type Fields = z.ZodObject;

/** The description of an operation. Its schemas both validate requests and appear in the OpenAPI document. */
type Description = {
  readonly summary: string;
  readonly description?: string;
  /** The group in the OpenAPI document. */
  readonly tag?: string;
  /** Default: no token is read. */
  readonly token?: TokenUse;
  readonly path?: Fields;
  readonly query?: Fields;
  /** With header names in their usual spelling, for example `If-Match`. */
  readonly headers?: Fields;
  readonly body?: z.ZodType;
  /** Parses the body in place of the schema, which still describes it: for rules that depend on stored data. */
  readonly parseBody?: (sent: unknown) => unknown;
  /**
   * Accepted media types. Default: `application/json`. Without `body`, the handler streams the request body, with `readBody`.
   * A body without a type is `application/octet-stream` (RFC 9110, section 8.3).
   */
  readonly bodyTypes?: readonly string[];
  /** An example of a body without a schema. The example of any other body is in its schema. */
  readonly bodyExample?: string;
  readonly responses: Readonly<Record<number, OperationResponse>>;
  /** Codes of its domain errors, in addition to those that follow from its schemas. */
  readonly errors?: readonly string[];
};

export type Operation = Description & { readonly handler: RequestHandler };

/** The HTTP methods that an operation may have; HEAD and OPTIONS are answered without one. */
export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Operations by path and method. A path answers every other method with 405. */
export type Routes = Readonly<Record<string, Partial<Record<(typeof methods)[number], Operation>>>>;

/** Adds the tag to operations without one. */
export const withTag = (tag: string, routes: Routes): Routes =>
  mapOperations(routes, (operation) => ({ tag, ...operation }));

/** Adds error codes to every operation. */
export const withErrors = (routes: Routes, codes: readonly string[]): Routes =>
  mapOperations(routes, (operation) => ({ ...operation, errors: [...(operation.errors ?? []), ...codes] }));

const mapOperations = (routes: Routes, change: (operation: Operation) => Operation): Routes =>
  Object.fromEntries(
    Object.entries(routes).map(([path, operations]) => [
      path,
      Object.fromEntries(Object.entries(operations).map(([method, operation]) => [method, change(operation)])),
    ]),
  );

type Output<Schema extends z.ZodType | undefined> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** Declares an operation. `handle` gets the validated, typed request; invalid requests are refused before. */
export const operation = <
  Path extends Fields | undefined = undefined,
  Query extends Fields | undefined = undefined,
  Headers extends Fields | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
  Parsed = Output<Body>,
>({
  handle,
  ...description
}: Description & {
  path?: Path;
  query?: Query;
  headers?: Headers;
  body?: Body;
  parseBody?: (sent: unknown) => Parsed;
} & {
  handle(
    request: { path: Output<Path>; query: Output<Query>; headers: Output<Headers>; body: Parsed },
    res: Response,
    req: Request,
  ): unknown;
}): Operation => {
  const { path, query, headers, body, bodyTypes, parseBody } = description as Description;
  const parts = {
    path: (req: Request) => path && validate(path, req.params, 'invalid-parameter'),
    query: (req: Request) => query && validate(query, req.query, 'invalid-parameter'),
    headers: (req: Request) => headers && validate(headers, pickHeaders(req, headers), 'invalid-header'),
    body: (req: Request) => {
      if (body ?? bodyTypes) checkMediaType(req, bodyTypes ?? jsonTypes);
      if (parseBody) return parseBody(req.body);
      return body && validate(body, req.body, 'invalid-body');
    },
  };
  const handler: RequestHandler = async (req, res) => {
    const request = {
      path: parts.path(req),
      query: parts.query(req),
      headers: parts.headers(req),
      body: parts.body(req),
    };
    await handle(request as Parameters<typeof handle>[0], res, req);
  };
  return { ...(description as Description), handler };
};

/** The media types of a JSON body. */
export const jsonTypes = ['application/json'] as const;

const pickHeaders = (req: Request, headers: Fields) =>
  Object.fromEntries(Object.keys(headers.shape).map((name) => [name, req.get(name)]));

const checkMediaType = (req: Request, types: readonly string[]) => {
  const isUntyped = req.get('Content-Type') === undefined && types.includes('application/octet-stream');
  if (!isUntyped && !req.is([...types]))
    throw new DomainError('unsupported-media-type', `The request needs a body of type ${types.join(' or ')}.`, {
      remedy: mediaTypeRemedy(types[0]),
    });
};

/** All error codes of an operation: those that it lists, and those that follow from its schemas. */
export const listErrorCodes = ({ token, path, query, headers, body, bodyTypes, errors = [] }: Operation): string[] => [
  ...(token ? ['unauthorized'] : []),
  ...((path ?? body ?? bodyTypes) ? ['malformed-request'] : []),
  ...(path || query ? ['invalid-parameter'] : []),
  ...(headers ? ['invalid-header'] : []),
  ...(body ? ['malformed-json', 'invalid-body', 'body-too-large'] : []),
  ...(body || bodyTypes ? ['unsupported-media-type'] : []),
  ...errors,
];
