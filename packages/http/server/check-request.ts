import type { IncomingMessage } from 'node:http';
import type { RequestHandler, Response } from 'express';
import { DomainError } from '../../runtime/domain-error.ts';
import { rateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { type AccessRules, type Authority, isLoopback, parseAuthority } from './authority.ts';

type RequestHead = Pick<IncomingMessage, 'method' | 'url' | 'rawHeaders'>;

const safeMethods = ['GET', 'HEAD', 'OPTIONS'];
const isSafe = (method = '') => safeMethods.includes(method.toUpperCase());

/** The codes with which the guard may refuse a request of this method. */
export const listRequestCheckErrors = (method: string): string[] => [
  'invalid-host',
  'host-not-allowed',
  ...(isSafe(method) ? [] : ['origin-not-allowed']),
];

/**
 * Whether a web page may be behind the request. A page whose name was pointed at this machine (DNS rebinding) is known by
 * its Host, a page that sends a form or a fetch to us by its Origin or Sec-Fetch-Site. Programs send neither of these.
 * @returns the refusal, or undefined where the request may pass
 */
export const checkRequest = (
  { method, url = '', rawHeaders }: RequestHead,
  rules: AccessRules,
): DomainError | undefined => {
  // Node keeps the first of several Host headers and drops the others.
  const hosts = valuesOf(rawHeaders, 'host');
  const own = hosts.length === 1 ? parseAuthority(String(hosts[0])) : undefined;
  if (!own)
    return createInvalidHost(hosts.length > 1 ? 'There are several Host headers.' : 'There is no usable Host header.');
  const target = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i.exec(url)?.[1];
  if (target !== undefined && !isSameAuthority(parseAuthority(target), own))
    return createInvalidHost('The request target names another host than the Host header.');
  if (!isLoopback(own) && !rules.hosts.some((allowed) => matchesHost(allowed, own))) return createHostNotAllowed(own);

  const origins = valuesOf(rawHeaders, 'origin');
  if (origins.length > 1) return createOriginNotAllowed('Origin', 'There are several Origin headers.');
  const [origin] = origins;
  if (isSafe(method) || (origin !== undefined && rules.origins.includes(origin))) return undefined;
  if (origin !== undefined && !isOwnOrigin(origin, own))
    return createOriginNotAllowed('Origin', describeForeignOrigin(origin));
  const isForeignSite = valuesOf(rawHeaders, 'sec-fetch-site').some((site) => !['same-origin', 'none'].includes(site));
  return isForeignSite
    ? createOriginNotAllowed('Sec-Fetch-Site', 'A page of another origin sent this request.')
    : undefined;
};

/** Refuses what a web page may have sent, and gives allowed origins the CORS headers that their browsers ask for. */
export const checkRequests = (rules: AccessRules, log: Runtime['log']): RequestHandler => {
  // A page can send refused requests without end.
  const limitedLog = rateLimitedLog(log);
  return (req, res, next) => {
    const refusal = checkRequest(req, rules);
    if (refusal) {
      const { code: problem, message: detail, remedy } = refusal;
      limitedLog.warn({ problem, detail, remedy }, 'request refused');
      return next(refusal);
    }
    if (rules.origins.length > 0 && setCorsHeaders(req.method, req.headers, res, rules))
      return void res.status(204).end();
    next();
  };
};

/** @returns whether the request is the preflight of an allowed origin, which needs no further answer */
const setCorsHeaders = (
  method: string,
  { origin, 'access-control-request-method': requestedMethod }: IncomingMessage['headers'],
  res: Response,
  rules: AccessRules,
): boolean => {
  res.vary('Origin');
  if (origin === undefined || !rules.origins.includes(origin)) return false;
  res.set({ 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': '*' });
  if (method !== 'OPTIONS' || requestedMethod === undefined) return false;
  res.set({
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'Access-Control-Allow-Headers': '*',
    'Access-Control-Max-Age': '600',
  });
  return true;
};

const valuesOf = (rawHeaders: readonly string[], name: string): string[] =>
  rawHeaders.filter((_, n) => n % 2 === 1 && rawHeaders[n - 1]?.toLowerCase() === name);

const isSameAuthority = (one: Authority | undefined, other: Authority) =>
  one?.host === other.host && (one.port ?? 80) === (other.port ?? 80);

/** An entry without a port admits every port. Clients leave out the port that their scheme implies. */
const matchesHost = (allowed: Authority, { host, port }: Authority) =>
  allowed.host === host &&
  (allowed.port === undefined || (port === undefined ? [80, 443].includes(allowed.port) : allowed.port === port));

/** The scheme is not compared: behind a proxy that terminates TLS we do not know ours. */
const isOwnOrigin = (origin: string, own: Authority) => {
  const [, scheme, authority = ''] = /^(https?):\/\/(.+)$/.exec(origin) ?? [];
  const usual = scheme === 'https' ? 443 : 80;
  const page = parseAuthority(authority);
  return page?.host === own.host && (page.port ?? usual) === (own.port ?? usual);
};

const createInvalidHost = (detail: string) =>
  new DomainError('invalid-host', detail, {
    errors: [{ field: 'Host', expected: 'one header with a host name or address and an optional port' }],
    remedy: 'send the host and port of the address that you call, as in Host: localhost:3005',
  });

const createHostNotAllowed = ({ host, port }: Authority) =>
  new DomainError('host-not-allowed', `This service does not answer under the name ${host}.`, {
    errors: [
      {
        field: 'Host',
        expected: 'localhost, an address of 127.0.0.0/8, [::1], or a name in ALLOWED_HOSTS',
        got: port === undefined ? host : `${host}:${port}`,
      },
    ],
    remedy: `if the name is the service's own, start it with ALLOWED_HOSTS=${host}`,
  });

const describeForeignOrigin = (origin: string) =>
  parseAuthority(origin.replace(/^https?:\/\//, ''))
    ? `The page ${origin} may not change anything here.`
    : 'A page without a usable origin may not change anything here.';

const createOriginNotAllowed = (field: 'Origin' | 'Sec-Fetch-Site', detail: string) =>
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
