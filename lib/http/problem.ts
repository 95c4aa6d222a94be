import type { Response } from 'express';
import { z } from 'zod';
import { DatabaseTrouble } from '../database/database-trouble.ts';
import { DomainError } from '../domain-error.ts';
import { traceIdOf } from './trace.ts';

/** Which HTTP status each code of a domain error gets. */
export type ProblemStatuses = Readonly<Record<string, number>>;

/** Codes that every service has. */
export const commonStatuses: ProblemStatuses = {
  'malformed-request': 400,
  'malformed-json': 400,
  'invalid-parameter': 400,
  'invalid-header': 400,
  'unknown-route': 404,
  'method-not-allowed': 405,
  'body-too-large': 413,
  'unsupported-media-type': 415,
  'invalid-body': 422,
  'database-away': 503,
  'database-busy': 503,
  'database-conflict': 503,
};

/** Answers with RFC 9457 problem details, and tells the status; nothing internal leaves the service. */
export const sendProblem = (res: Response, error: unknown, statuses: ProblemStatuses): number => {
  const known = error instanceof DomainError ? error : (fromDatabase(error) ?? fromExpress(error));
  const status = known ? ({ ...commonStatuses, ...statuses }[known.code] ?? 500) : 500;
  const body =
    known && status !== 500
      ? {
          type: problemType(known.code),
          title: title(known.code),
          status,
          detail: known.message,
          errors: known.errors,
          remedy: known.remedy,
          ...known.facts,
        }
      : {
          type: 'about:blank',
          title: 'Internal error',
          status: 500,
          detail: `Not your doing. Report it with this trace id.`,
        };
  if (status === 503) res.set('Retry-After', '1');
  res.status(status).type('application/problem+json');
  res.send(JSON.stringify({ ...body, traceId: traceIdOf(res) }));
  return status;
};

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
      .meta({ description: 'Each field that is wrong, and what was expected of it.' }),
    remedy: z.string().optional().meta({ description: 'What to do about it.' }),
    traceId: z.string().meta({ description: 'Under which the logs and Zipkin know the request.' }),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem details.' });

const title = (code: string) => code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' ');

const fromDatabase = (error: unknown): DomainError | undefined =>
  error instanceof DatabaseTrouble
    ? new DomainError(error.code, error.message, { remedy: 'try again in a moment' })
    : undefined;

/** What Express and its body parser throw at a request they cannot read. */
const fromExpress = (error: unknown): DomainError | undefined => {
  const { type, status } = (error ?? {}) as { type?: string; status?: number };
  if (type === 'entity.parse.failed')
    return new DomainError('malformed-json', 'The body is not JSON, or neither an object nor a list.');
  if (type === 'entity.too.large') return new DomainError('body-too-large', 'The body is larger than 1 MiB.');
  if (status === 415)
    return new DomainError('unsupported-media-type', 'The body must be JSON in UTF-8.', { remedy: mediaTypeRemedy() });
  if (status === 400)
    return new DomainError('malformed-request', 'The request cannot be read: check its URL, length and encoding.');
  return undefined;
};

export const mediaTypeRemedy = (type = 'application/json') => `curl -H 'Content-Type: ${type}' …`;
