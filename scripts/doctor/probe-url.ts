/** The answer of an HTTP server, or why there is none. */
export type Answer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly body: Readonly<Record<string, unknown>>;
      /** The server's clock minus ours in ms, from the header Date, which has whole seconds; undefined without that header. */
      readonly clockOffsetMs: number | undefined;
    }
  | { readonly kind: 'refused' }
  | { readonly kind: 'silent'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly reason: string };

type Request = {
  readonly timeoutMs?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON with POST. */
  readonly body?: unknown;
};

/** A check of `/readyz` waits 3 seconds for each dependency. */
const defaultTimeoutMs = 3_500;

/** Sends one request. It never throws, and never waits longer than the timeout. */
export const probeUrl = async (
  url: string,
  { timeoutMs = defaultTimeoutMs, headers = {}, body }: Request = {},
): Promise<Answer> => {
  const sentAt = Date.now();
  try {
    const response = await fetch(url, {
      headers: { ...headers, connection: 'close', ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const receivedAt = Date.now();
    const json: unknown = await response.json().catch((error: Error) => {
      if (error.name === 'TimeoutError') throw error;
    });
    const isObject = typeof json === 'object' && json !== null;
    return {
      kind: 'answered',
      status: response.status,
      body: isObject ? (json as Record<string, unknown>) : {},
      clockOffsetMs: measureOffset(response.headers.get('date'), sentAt, receivedAt),
    };
  } catch (error) {
    return describeFailure(error as Error & { cause?: Error & { code?: string } }, timeoutMs);
  }
};

/** The smallest offset that explains the header: its time is cut to seconds, and was taken between sending and receiving. */
export const measureOffset = (date: string | null, sentAt: number, receivedAt: number): number | undefined => {
  const earliest = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(earliest)) return undefined;
  const latest = earliest + 999;
  if (earliest > receivedAt) return earliest - receivedAt;
  return latest < sentAt ? latest - sentAt : 0;
};

const describeFailure = (error: Error & { cause?: Error & { code?: string } }, timeoutMs: number): Answer => {
  if (error.name === 'TimeoutError') return { kind: 'silent', seconds: timeoutMs / 1_000 };
  if (error.cause?.code === 'ECONNREFUSED') return { kind: 'refused' };
  return { kind: 'failed', reason: error.cause?.message || error.message };
};
