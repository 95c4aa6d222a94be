import type { Response } from 'express';
import { z } from 'zod';
import { DomainError } from '../../runtime/domain-error.ts';
import { shortenText } from '../../runtime/shorten-text.ts';
import { maxErrors } from '../../runtime/validate.ts';
import { traceIdOf } from '../trace.ts';

/** The HTTP status of each domain error code. */
export type ProblemStatuses = Readonly<Record<string, number>>;

/** The codes that all services share. */
export const commonStatuses: ProblemStatuses = {
  'malformed-request': 400,
  'malformed-json': 400,
  'invalid-parameter': 400,
  'invalid-header': 400,
  'invalid-host': 400,
  unauthorized: 401,
  'origin-not-allowed': 403,
  'unknown-route': 404,
  'method-not-allowed': 405,
  'request-timeout': 408,
  'precondition-failed': 412,
  'body-too-large': 413,
  'unsupported-media-type': 415,
  'range-not-satisfiable': 416,
  'host-not-allowed': 421,
  'invalid-body': 422,
  'headers-too-large': 431,
  'database-away': 503,
  'database-busy': 503,
  'database-conflict': 503,
  'database-damaged': 503,
  'database-read-only': 503,
  'database-replaced': 503,
  'database-stopped': 503,
  'storage-failed': 503,
  'storage-full': 507,
};

/** Limits a detail, which may repeat input such as a path. */
const maxDetailLength = 1_000;

/** The Retry-After header in seconds. 507 waits longer, because someone has to free disk space. */
const retryAfter: Readonly<Record<number, string>> = { 429: '10', 503: '1', 507: '10' };

/** Sends RFC 9457 problem details without internal information. @returns the status */
export const sendProblem = (res: Response, error: unknown, statuses: ProblemStatuses): number => {
  const known = error instanceof DomainError ? error : mapExpressError(error);
  const status = known ? ({ ...commonStatuses, ...statuses }[known.code] ?? 500) : 500;
  const body =
    known && status !== 500
      ? createProblemBody(known, status)
      : {
          type: 'about:blank',
          title: 'Internal error',
          status: 500,
          detail: `The service failed. Report it with this trace id.`,
        };
  if (status === 401) res.set('WWW-Authenticate', 'Bearer realm="operations"');
  if (retryAfter[status]) res.set('Retry-After', retryAfter[status]);
  res.status(status).type('application/problem+json');
  res.send(JSON.stringify({ ...body, traceId: traceIdOf(res) }));
  return status;
};

export const createProblemBody = ({ code, message, errors, remedy, facts }: DomainError, status: number) => ({
  type: problemType(code),
  title: titleOf(code),
  status,
  detail: shortenText(message, maxDetailLength),
  errors: errors?.slice(0, maxErrors),
  remedy,
  ...facts,
});

export const problemType = (code: string) => `urn:problem:${code}`;
const titleOf = (code: string) => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');

/** An example of the response with this error code. */
export const createProblemExample = (code: string, status: number) => ({
  type: problemType(code),
  title: titleOf(code),
  status,
  detail: 'A sentence that says what is wrong.',
  traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
});

/** The body of every error response (RFC 9457). */
export const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: 'A stable code of the error, for example urn:problem:invalid-body.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What is wrong, as a sentence.' }),
    errors: z
      .array(z.object({ field: z.string(), expected: z.string(), got: z.unknown().optional() }))
      .optional()
      .meta({ description: `The invalid fields, at most ${maxErrors}, with what was expected.` }),
    errorsNotListed: z.int().optional().meta({ description: 'The number of further invalid fields.' }),
    remedy: z.string().optional().meta({ description: 'How to correct the request or the service.' }),
    traceId: z.string().meta({ description: 'The id of the request in logs and traces.' }),
  })
  .meta({
    id: 'Problem',
    description: 'RFC 9457 problem details.',
    examples: [createProblemExample('invalid-body', 422)],
  });

/** Maps the errors of Express and its body parser for invalid requests. */
const mapExpressError = (error: unknown): DomainError | undefined => {
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  if (type === 'entity.parse.failed')
    return new DomainError('malformed-json', 'The body must be JSON: an object or an array.');
  if (type === 'entity.too.large') return new DomainError('body-too-large', 'The body is larger than 1 MiB.');
  if (status === 415)
    return new DomainError('unsupported-media-type', 'The body must be JSON in UTF-8.', { remedy: mediaTypeRemedy() });
  if (status === 412)
    return new DomainError('precondition-failed', 'The file has another version than If-Match allows.');
  if (status === 416) return new DomainError('range-not-satisfiable', 'The file has no such range.');
  if (status === 400)
    return new DomainError('malformed-request', 'The request cannot be parsed: check its URL, length and encoding.');
  return undefined;
};

/** `curl -d` would remove the line ends of a file, and `curl -F` would send a form. */
export const mediaTypeRemedy = (type = 'application/json') =>
  type.endsWith('json')
    ? `curl -H 'Content-Type: ${type}' …`
    : `send the file itself: curl -H 'Content-Type: ${type}' --data-binary @FILE …`;
