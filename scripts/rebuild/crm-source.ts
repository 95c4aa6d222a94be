import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { type HeldMandate, type MandatesPage, mandatesPageSchema } from '../../contracts/mandates-page.ts';
import { RebuildRefused, type Snapshot, type Source } from '../../packages/projections/rebuild/index.ts';

const mandatesPerPage = 1_000;
const answerWithinMs = 30_000;

/** The mandates as the CRM has them, through its REST API; a connection that was given up has none. */
export const crmSource = (crm: string): Source => ({
  name: `the CRM at ${crm}`,
  pages: async function* () {
    for await (const { items } of pagesOf(crm))
      yield items.map(({ connectionId, connectionMandate }) => ({ key: connectionId, shown: connectionMandate }));
  },
});

/** The same as events, each with the revision that the CRM gave last; a cursor is the last connection of a page. */
export const crmSnapshot = (crm: string): Snapshot<MandateChanged> => ({
  name: `the mandates of the CRM at ${crm}`,
  pages: async function* (after) {
    for await (const { items, next } of pagesOf(crm, after))
      yield { events: items.map(asEvent), next: next === null ? undefined : items.at(-1)?.connectionId };
  },
});

const asEvent = ({ connectionId, connectionMandate, revision, changedAt }: HeldMandate): MandateChanged => ({
  data: { connectionId, connectionMandate },
  revision,
  time: changedAt,
});

/** @throws RebuildRefused when the CRM cannot be asked */
export const checkCrm = async (crm: string): Promise<void> => void (await fetchPage(crm, '/mandates?limit=1'));

/** Whether the CRM keeps its revisions over a restart. @throws RebuildRefused when it cannot be asked */
export const isDurable = async (crm: string): Promise<boolean> => {
  const response = await ask(crm, '/status');
  const { database } = (await response.json().catch(() => ({}))) as { database?: unknown };
  return response.ok && database === 'durable';
};

async function* pagesOf(crm: string, after?: string): AsyncGenerator<MandatesPage> {
  const first = `/mandates?limit=${mandatesPerPage}${after === undefined ? '' : `&after=${after}`}`;
  for (let path: string | null = first; path !== null; ) {
    const page: MandatesPage = await fetchPage(crm, path);
    yield page;
    path = page.next;
  }
}

const fetchPage = async (crm: string, path: string): Promise<MandatesPage> => {
  const response = await ask(crm, path);
  const body = await response.json().catch(() => undefined);
  const page = mandatesPageSchema.safeParse(body);
  if (response.ok && page.success) return page.data;
  throw new RebuildRefused(refusalOf(crm, path, { status: response.status, body }));
};

const refusalOf = (crm: string, path: string, { status, body }: { status: number; body: unknown }): string => {
  const { type, detail } = (body ?? {}) as { type?: string; detail?: string };
  if (status === 404)
    return `The CRM at ${crm} has no GET /mandates, so it is of an older release: update it, or go without: --without-crm.`;
  if (type === 'urn:problem:invalid-parameter' && path.includes('after='))
    return (
      `The CRM at ${crm} does not know the connection at which the page before ended (${detail}): it is another CRM, or has ` +
      'lost its data. Give the rebuild up with npm run rebuild -- --abandon, and begin anew.'
    );
  return `The CRM at ${crm} answers ${path} with ${status}${detail ? ` (${detail})` : ', which is no page of mandates'}.`;
};

const ask = (crm: string, path: string): Promise<Response> =>
  fetch(new URL(path, crm), { signal: AbortSignal.timeout(answerWithinMs) }).catch((error: Error) => {
    const { cause } = error as { cause?: Error };
    throw new RebuildRefused(
      `The CRM at ${crm} does not answer (${cause?.message || error.message}), so nothing says whether the new view is right. ` +
        'Start it, or name it with --crm; a rebuild from the log can also go without it: --without-crm.',
    );
  });
