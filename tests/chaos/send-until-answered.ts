import { setTimeout as delay } from 'node:timers/promises';

const requestTimeoutMs = 5_000;

/** `revision` is that of the changed mandate, NaN if the answer has none. */
export type Answer = {
  readonly status: number;
  readonly body: unknown;
  readonly revision: number;
  readonly text: string;
};

type Request = { method?: 'POST' | 'PATCH' | 'DELETE'; body?: object; headers?: Record<string, string> };

/** Sends a change to the CRM until it answers with another status than 503. */
export const sendUntilAnswered = async (url: string, request: Request = {}): Promise<Answer> => {
  for (;;) {
    const answer = await send(url, request).catch(() => undefined); // the CRM is killed, paused, or still starting
    if (answer && answer.status !== 503) return answer;
    await delay(50);
  }
};

const send = async (url: string, { method = 'POST', body, headers }: Request): Promise<Answer> => {
  const response = await fetch(url, {
    method,
    headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(requestTimeoutMs),
  });
  const text = await response.text();
  const revision = Number(response.headers.get('mandate-revision') ?? Number.NaN);
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text), revision, text };
};
