import { ExpectedError } from '../runtime/expected-error.ts';

/** A service that a command calls: its display name, its URL, and the remedy if it does not answer. */
export type CalledService = { readonly name: string; readonly url: string; readonly remedy: string };

/** `body` is empty if the response is not a JSON object. */
export type ServiceResponse = { readonly status: number; readonly ok: boolean; readonly body: Record<string, unknown> };

const timeoutMs = 30_000;

/**
 * Calls a service, with a JSON body and headers if given.
 * @throws ExpectedError with the remedy when it does not answer within 30 seconds
 */
export const callService = async (
  { name, url, remedy }: CalledService,
  path: string,
  { method = 'GET', headers = {}, body }: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<ServiceResponse> => {
  // The URL may have a path, for example behind a reverse proxy.
  const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: Error & { cause?: Error }) => {
    throw new ExpectedError(
      `The ${name} does not answer at ${new URL(url).origin} (${error.cause?.message || error.message}): ${remedy}`,
    );
  });
  const json: unknown = await response.json().catch(() => undefined);
  const isObject = typeof json === 'object' && json !== null;
  return { status: response.status, ok: response.ok, body: isObject ? (json as Record<string, unknown>) : {} };
};

/** @throws ExpectedError if the response is not one of this service: the URL may be that of another service or program */
export const refuseOtherServer = (
  { name, url, remedy }: CalledService,
  path: string,
  { status, ok, body }: ServiceResponse,
): void => {
  const { type } = body;
  const isProblem = typeof type === 'string' && type.startsWith('urn:problem:') && type !== 'urn:problem:unknown-route';
  if (ok ? Object.keys(body).length > 0 : isProblem) return;
  throw new ExpectedError(`The server at ${url} is not the ${name} (it answers ${path} with ${status}): ${remedy}`);
};

/** The detail and remedy of problem details (RFC 9457), or the status if the response has none. */
export const describeRefusal = ({ status, body: { detail, remedy } }: ServiceResponse): string =>
  detail === undefined ? `status ${status}` : `${detail}${remedy ? ` ${remedy}` : ''}`;
