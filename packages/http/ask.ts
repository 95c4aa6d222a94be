import { ExpectedError } from '../runtime/expected-error.ts';

/** A service that a command asks: its name for people, its address, and what to do where it does not answer. */
export type AskedService = { readonly name: string; readonly url: string; readonly remedy: string };

/** `body` is empty where it was not a JSON object. */
export type ServiceAnswer = { readonly status: number; readonly ok: boolean; readonly body: Record<string, unknown> };

const answerWithinMs = 30_000;

/**
 * Asks a service, with a JSON body where one is given.
 * @throws ExpectedError that says what to do when it does not answer within 30 seconds
 */
export const askService = async (
  { name, url, remedy }: AskedService,
  path: string,
  { method = 'GET', body }: { method?: string; body?: unknown } = {},
): Promise<ServiceAnswer> => {
  // The address may have a path, as behind a reverse proxy.
  const response = await fetch(`${url.replace(/\/+$/, '')}${path}`, {
    method,
    ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch((error: Error & { cause?: Error }) => {
    throw new ExpectedError(
      `The ${name} does not answer at ${new URL(url).origin} (${error.cause?.message || error.message}): ${remedy}`,
    );
  });
  const answer: unknown = await response.json().catch(() => undefined);
  const isObject = typeof answer === 'object' && answer !== null;
  return { status: response.status, ok: response.ok, body: isObject ? (answer as Record<string, unknown>) : {} };
};

/** What a problem (RFC 9457) says, with its remedy; the status where it is none. */
export const describeRefusal = ({ status, body: { detail, remedy } }: ServiceAnswer): string =>
  detail === undefined ? `status ${status}` : `${detail}${remedy ? ` ${remedy}` : ''}`;
