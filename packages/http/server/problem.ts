import type { Response } from 'express';
import { z } from 'zod';
import { DomainError } from '../../runtime/domain-error.ts';
import { shortenText } from '../../runtime/shorten-text.ts';
import { mostErrors } from '../../runtime/validate.ts';
import { traceIdOf } from '../trace.ts';

/** Which HTTP status each code of a domain error gets. */
export type ProblemStatuses = Readonly<Record<string, number>>;

/** Codes that every service has. */
export const commonStatuses: ProblemStatuses = {
  'malformed-request': 400,
  'malformed-json': 400,
  'invalid-parameter': 400,
  'invalid-header': 400,
  'invalid-host': 400,
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

/** A detail may repeat what was sent, such as a path: an answer stays short all the same. */
const maxDetailLength = 1_000;

/** When to ask again, in seconds; room on a disk is made by hand. */
const retryAfter: Readonly<Record<number, string>> = { 429: '10', 503: '1', 507: '10' };

/** Answers with RFC 9457 problem details, and tells the status; nothing internal leaves the service. */
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
          detail: `Not your doing. Report it with this trace id.`,
        };
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
  errors: errors?.slice(0, mostErrors),
  remedy,
  ...facts,
});

export const problemType = (code: string) => `urn:problem:${code}`;

/** RFC 9457: what every refusal looks like. */
export const problemSchema = z
  .looseObject({
    type: z.string().meta({ description: 'A stable name of what is wrong, as in urn:problem:invalid-body.' }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string().meta({ description: 'What is wrong, for people.' }),
    errors: z
      .array(z.object({ field: z.string(), expected: z.string(), got: z.unknown().optional() }))
      .optional()
      .meta({ description: `Each field that is wrong, up to ${mostErrors} of them, and what was expected of it.` }),
    errorsNotListed: z.int().optional().meta({ description: 'How many more fields are wrong.' }),
    remedy: z.string().optional().meta({ description: 'What to do about it.' }),
    traceId: z.string().meta({ description: 'Under which the logs and Zipkin know the request.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

const titleOf = (code: string) => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');

/** What Express and its body parser throw at a request they cannot read. */
const mapExpressError = (error: unknown): DomainError | undefined => {
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  if (type === 'entity.parse.failed')
    return new DomainError('malformed-json', 'The body is not JSON, or neither an object nor a list.');
  if (type === 'entity.too.large') return new DomainError('body-too-large', 'The body is larger than 1 MiB.');
  if (status === 415)
    return new DomainError('unsupported-media-type', 'The body must be JSON in UTF-8.', { remedy: mediaTypeRemedy() });
  if (status === 412)
    return new DomainError('precondition-failed', 'The file has another version than If-Match allows.');
  if (status === 416) return new DomainError('range-not-satisfiable', 'The file has no such range.');
  if (status === 400)
    return new DomainError('malformed-request', 'The request cannot be read: check its URL, length and encoding.');
  return undefined;
};

export const mediaTypeRemedy = (type = 'application/json') => `curl -H 'Content-Type: ${type}' …`;
