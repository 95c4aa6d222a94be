import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { DomainError } from '../../runtime/domain-error.ts';
import { createRateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type AccessRules, type Authority, isLoopback, parseAuthority } from './authority.ts';

type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>;

const safeMethods = ['GET', 'HEAD', 'OPTIONS'];
const isSafe = (method = '') => safeMethods.includes(method.toUpperCase());

/** The error codes of `checkRequest` for this method. */
export const listRequestCheckErrors = (method: string): string[] => [
  'invalid-host',
  'host-not-allowed',
  ...(isSafe(method) ? [] : ['origin-not-allowed']),
];

/**
 * Detects requests that a foreign web page may have sent. The Host header reveals DNS rebinding, where the page's host name points to
 * this machine. Origin or Sec-Fetch-Site reveal a form or fetch of another site; programs send neither.
 * @returns the refusal, or undefined if the request is allowed
 */
export const checkRequest = (
  { method, url = '', rawHeaders }: RequestHead,
  rules: AccessRules,
): DomainError | undefined => {
  // Read rawHeaders, because req.headers keeps only the first of several Host headers.
  const hosts = valuesOf(rawHeaders, 'host');
  const own = hosts.length === 1 ? parseAuthority(String(hosts[0])) : undefined;
  if (!own)
    return createInvalidHostError(
      hosts.length > 1 ? 'There are several Host headers.' : 'There is no valid Host header.',
    );
  const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (target !== undefined && !isSameAuthority(parseAuthority(target), own))
    return createInvalidHostError('The request target names another host than the Host header.');
  if (!isLoopback(own) && !rules.hosts.some((allowed) => matchesHost(allowed, own)))
    return createHostNotAllowedError(own);

  const origins = valuesOf(rawHeaders, 'origin');
  if (origins.length > 1) return createOriginNotAllowedError('Origin', 'There are several Origin headers.');
  const [origin] = origins;
  if (isSafe(method) || (origin !== undefined && rules.origins.includes(origin))) return undefined;
  if (origin !== undefined && !isOwnOrigin(origin, own))
    return createOriginNotAllowedError('Origin', describeForeignOrigin(origin));
  const isForeignSite = valuesOf(rawHeaders, 'sec-fetch-site').some((site) => !['same-origin', 'none'].includes(site));
  return isForeignSite
    ? createOriginNotAllowedError('Sec-Fetch-Site', 'A page of another origin sent this request.')
    : undefined;
};

/** Middleware: refuses requests that a foreign web page may have sent, and sends CORS headers to allowed origins. */
export const checkRequests = (rules: AccessRules, log: Runtime['log']): RequestHandler => {
  // Rate-limited, because a page can send refused requests without end.
  const limitedLog = createRateLimitedLog(log);
  return (req, res, next) => {
    // Set before anything is refused, so that an allowed page can read the reason.
    const isAllowedOrigin = rules.origins.length > 0 && setCorsHeaders(req, res, rules);
    const refusal = checkRequest(req, rules);
    if (refusal) {
      const { code: problem, message: detail, remedy } = refusal;
      limitedLog.warn({ problem, detail, remedy }, 'request refused');
      return next(refusal);
    }
    if (isAllowedOrigin && isPreflight(req)) return void res.set(preflightHeaders).status(204).end();
    next();
  };
};

/** @returns whether the request is of an allowed origin */
const setCorsHeaders = ({ rawHeaders }: RequestHead, res: Response, { origins }: AccessRules): boolean => {
  res.vary('Origin');
  const [origin, ...more] = valuesOf(rawHeaders, 'origin');
  if (origin === undefined || more.length > 0 || !origins.includes(origin)) return false;
  res.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': '*' });
  return true;
};

const isPreflight = ({ method, headers }: IncomingMessage): boolean =>
  method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;

const preflightHeaders = {
  'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  // A * would not include Authorization.
  'Access-Control-Allow-Headers': '*, Authorization',
  'Access-Control-Max-Age': '600',
};

const valuesOf = (rawHeaders: readonly string[], name: string): string[] => {
  const values: string[] = [];
  for (let n = 0; n < rawHeaders.length; n += 2)
    if (rawHeaders[n]?.length === name.length && rawHeaders[n]?.toLowerCase() === name)
      values.push(String(rawHeaders[n + 1]));
  return values;
};

const isSameAuthority = (one: Authority | undefined, other: Authority) =>
  one?.host === other.host && (one.port ?? 80) === (other.port ?? 80);

/** An entry without a port allows every port. Clients omit the default port of their scheme. */
const matchesHost = (allowed: Authority, { host, port }: Authority) =>
  allowed.host === host &&
  (allowed.port === undefined || (port === undefined ? [80, 443].includes(allowed.port) : allowed.port === port));

/** The scheme is not compared, because the service does not know it behind a proxy that terminates TLS. */
const isOwnOrigin = (origin: string, own: Authority) => {
  const [, scheme, authority = ''] = /^(https?):\/\/(.+)$/.exec(origin) ?? [];
  const defaultPort = scheme === 'https' ? 443 : 80;
  const page = parseAuthority(authority);
  return page?.host === own.host && (page.port ?? defaultPort) === (own.port ?? defaultPort);
};

const createInvalidHostError = (detail: string) =>
  new DomainError('invalid-host', detail, {
    errors: [{ field: 'Host', expected: 'one header with a host name or address and an optional port' }],
    remedy: 'send the host and port of the address that you call, as in Host: localhost:3005',
  });

const createHostNotAllowedError = ({ host, port }: Authority) =>
  new DomainError('host-not-allowed', `This service does not accept the host ${host}.`, {
    errors: [
      {
        field: 'Host',
        expected: 'localhost, an address of 127.0.0.0/8, [::1], or a name in ALLOWED_HOSTS',
        got: port === undefined ? host : `${host}:${port}`,
      },
    ],
    remedy: `if this is a host name of the service, start it with ALLOWED_HOSTS=${host}`,
  });

const describeForeignOrigin = (origin: string) =>
  parseAuthority(origin.replace(/^https?:\/\//, ''))
    ? `Pages of ${origin} may not change data here.`
    : 'A page without a valid origin may not change data here.';

const createOriginNotAllowedError = (field: 'Origin' | 'Sec-Fetch-Site', detail: string) =>
  new DomainError('origin-not-allowed', detail, {
    errors: [
      {
        field,
        expected:
          field === 'Origin'
            ? 'one header with the host and port of Host, or an origin in ALLOWED_ORIGINS; programs send none'
            : 'same-origin or none, or an Origin in ALLOWED_ORIGINS; programs send none',
      },
    ],
    remedy: 'if the page may change data, start the service with its origin in ALLOWED_ORIGINS',
  });
