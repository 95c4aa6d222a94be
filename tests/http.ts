export const getJson = async (url: string): Promise<{ status: number; body: Record<string, unknown> }> => {
  const response = await fetch(url);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

export const postJson = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export const fetchMandate = async ({ url }: { url: string }, connectionId: string): Promise<unknown> => {
  const { status, body } = await getJson(`${url}/?connectionId=${connectionId}`);
  return status === 200 ? body.connectionMandate : status;
};

export const patchJson = (url: string, body: object): Promise<Response> =>
  fetch(url, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
