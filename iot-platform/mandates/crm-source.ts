import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { type HeldMandate, type MandatesPage, mandatesPageSchema } from '../../contracts/mandates-page.ts';
import { callService, type ServiceResponse } from '../../packages/http/call-service.ts';
import type { OpenedSource, ViewSource } from '../../packages/platform/views.ts';
import { RebuildRefused } from '../../packages/projections/rebuild/index.ts';

const mandatesPerPage = 1_000;

/** The mandates as the CRM has them, through its REST API; a connection that was given up has mandate 0. */
export const crmSource: ViewSource<MandateChanged> = {
  name: 'CRM',
  option: 'crm',
  defaultUrl: 'http://localhost:3005',
  advice:
    'Where the CRM is right, its change never reached the log: look at its outbox (/status), or save the customer again.',
  open: (url) => openCrm(url),
};

const openCrm = (crm: string): OpenedSource<MandateChanged> => ({
  name: `the CRM at ${crm}`,
  pages: async function* () {
    for await (const { items } of pagesOf(crm))
      yield items.map(({ connectionId, connectionMandate }) => ({ key: connectionId, shown: connectionMandate }));
  },
  /** Each event has the revision that the CRM gave last; a cursor is the last connection of a page. */
  snapshot: {
    name: `the mandates of the CRM at ${crm}`,
    pages: async function* (after) {
      for await (const { items, next } of pagesOf(crm, after))
        yield { events: items.map(asEvent), next: next === null ? undefined : items.at(-1)?.connectionId };
    },
  },
  check: async () => void (await fetchPage(crm, '/mandates?limit=1')),
  findUnfitness: async () => {
    const { ok, body } = await ask(crm, '/status');
    return ok && body.database === 'durable'
      ? undefined
      : `The CRM at ${crm} keeps its customers in memory: its revisions began anew with its last start, so a view cannot ` +
          'be built from it. CRM_DATABASE_URL gives it a database that stays.';
  },
});

const asEvent = ({ connectionId, connectionMandate, revision, changedAt }: HeldMandate): MandateChanged => ({
  data: { connectionId, connectionMandate },
  revision,
  time: changedAt,
});

async function* pagesOf(crm: string, after?: string): AsyncGenerator<MandatesPage> {
  const first = `/mandates?limit=${mandatesPerPage}${after === undefined ? '' : `&after=${after}`}`;
  for (let path: string | null = first; path !== null; ) {
    const page: MandatesPage = await fetchPage(crm, path);
    yield page;
    path = page.next;
  }
}

const fetchPage = async (crm: string, path: string): Promise<MandatesPage> => {
  const answer = await ask(crm, path);
  const page = mandatesPageSchema.safeParse(answer.body);
  if (answer.ok && page.success) return page.data;
  throw new RebuildRefused(refusalOf(crm, path, answer));
};

const refusalOf = (crm: string, path: string, { status, body: { type, detail } }: ServiceResponse): string => {
  if (status === 404)
    return `The CRM at ${crm} has no GET /mandates, so it is of an older release: update it, or go without: --without-crm.`;
  if (type === 'urn:problem:invalid-parameter' && path.includes('after='))
    return (
      `The CRM at ${crm} does not know the connection at which the page before ended (${detail}): it is another CRM, or has ` +
      'lost its data. Give the rebuild up with npm run rebuild -- --abandon, and begin anew.'
    );
  return `The CRM at ${crm} answers ${path} with ${status}${detail ? ` (${detail})` : ', which is no page of mandates'}.`;
};

const ask = (url: string, path: string): Promise<ServiceResponse> =>
  callService(
    {
      name: 'CRM',
      url,
      remedy:
        'start it, or name it with --crm; nothing else says whether the new view is right. A rebuild from the log can also ' +
        'go without it: --without-crm.',
    },
    path,
  ).catch((error: Error) => {
    throw new RebuildRefused(error.message);
  });
