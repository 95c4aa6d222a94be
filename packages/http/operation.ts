import type { Request, RequestHandler, Response } from 'express';
import type { z } from 'zod';
import { DomainError } from '../runtime/domain-error.ts';
import { validate } from '../runtime/validate.ts';
import { mediaTypeRemedy } from './server/problem.ts';

/** What an operation answers with one status; without a schema there is nothing in the body, or no JSON. */
export type OperationResponse = {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** `application/json` unless said otherwise. */
  readonly mediaType?: string;
  /** Header and what it tells. */
  readonly headers?: Readonly<Record<string, string>>;
};

type Fields = z.ZodObject;

/** What is said of an operation, once: the same schemas check the request and stand in the API's description. */
type Description = {
  readonly summary: string;
  readonly description?: string;
  /** Under which heading it stands. */
  readonly tag?: string;
  readonly path?: Fields;
  readonly query?: Fields;
  /** The names as they are usually written, as in `If-Match`. */
  readonly headers?: Fields;
  readonly body?: z.ZodType;
  /** What a body may be sent as; `application/json` unless said otherwise. Without `body` it is left to be streamed. */
  readonly bodyTypes?: readonly string[];
  readonly responses: Readonly<Record<number, OperationResponse>>;
  /** Codes of the domain errors it may answer, beside those that follow from what it asks for. */
  readonly errors?: readonly string[];
};

export type Operation = Description & { readonly handler: RequestHandler };

export const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Path, then method, then operation. A path that is here answers every other method with 405. */
export type Routes = Readonly<Record<string, Partial<Record<(typeof methods)[number], Operation>>>>;

/** Puts the same heading over each of the routes. */
export const withTag = (tag: string, routes: Routes): Routes =>
  mapOperations(routes, (operation) => ({ tag, ...operation }));

/** What may go wrong with each of the routes, beside their own problems. */
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

/** `handle` gets what was asked for, valid and typed; a request that is not valid does not reach it. */
export const operation = <
  Path extends Fields | undefined = undefined,
  Query extends Fields | undefined = undefined,
  Headers extends Fields | undefined = undefined,
  Body extends z.ZodType | undefined = undefined,
>({
  handle,
  ...description
}: Description & { path?: Path; query?: Query; headers?: Headers; body?: Body } & {
  handle(
    request: { path: Output<Path>; query: Output<Query>; headers: Output<Headers>; body: Output<Body> },
    res: Response,
    req: Request,
  ): unknown;
}): Operation => {
  const { path, query, headers, body, bodyTypes } = description as Description;
  const parts = {
    path: (req: Request) => path && validate(path, req.params, 'invalid-parameter'),
    query: (req: Request) => query && validate(query, req.query, 'invalid-parameter'),
    headers: (req: Request) => headers && validate(headers, pickHeaders(req, headers), 'invalid-header'),
    body: (req: Request) => {
      if (body ?? bodyTypes) checkMediaType(req, bodyTypes ?? jsonTypes);
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

export const jsonTypes = ['application/json'] as const;

const pickHeaders = (req: Request, headers: Fields) =>
  Object.fromEntries(Object.keys(headers.shape).map((name) => [name, req.get(name)]));

const checkMediaType = (req: Request, types: readonly string[]) => {
  if (!req.is([...types]))
    throw new DomainError('unsupported-media-type', `A body is expected: ${types.join(' or ')}.`, {
      remedy: mediaTypeRemedy(types[0]),
    });
};

/** The codes that an operation may answer: those that it names, and those that follow from what it asks for. */
export const listErrorCodes = ({ path, query, headers, body, bodyTypes, errors = [] }: Operation): string[] => [
  ...(path ? ['malformed-request'] : []),
  ...(path || query ? ['invalid-parameter'] : []),
  ...(headers ? ['invalid-header'] : []),
  ...(body ? ['malformed-json', 'invalid-body', 'body-too-large'] : []),
  ...(body || bodyTypes ? ['unsupported-media-type'] : []),
  ...errors,
];
