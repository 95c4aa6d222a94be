import { retry } from '../packages/runtime/retry.ts';

export const getJson = async (url: string): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

class DatabaseBusy extends Error {}
const isBusy = (error: unknown): error is DatabaseBusy => error instanceof DatabaseBusy;

/** Repeats a request that is answered with `database-busy` or `database-conflict`, because nothing was changed. */
const send = (method: 'POST' | 'PATCH', url: string, body: object): Promise<Response> =>
  retry(
    async () => {
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(url, { method, headers, body: JSON.stringify(body) });
      if (answer.status !== 503) return answer;
      const text = await answer.clone().text();
      if (/urn:problem:database-(busy|conflict)\b/.test(text)) throw new DatabaseBusy(`${method} ${url}: ${text}`);
      return answer;
    },
    { while: isBusy, backoff: () => 100, timeoutMs: 60_000 },
  );

export const postJson = (url: string, body: object): Promise<Response> => send('POST', url, body);
export const patchJson = (url: string, body: object): Promise<Response> => send('PATCH', url, body);

export const fetchMandate = async ({ url }: { url: string }, connectionId: string): Promise<unknown> => {
  const { status, body } = await getJson(`${url}/?connectionId=${connectionId}`);
  return status === 200 ? body.connectionMandate : status;
};
