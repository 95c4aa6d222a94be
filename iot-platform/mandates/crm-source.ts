import type { MandateChanged } from '../../contracts/events/connection-mandate-changed/upcasters.ts';
import { type HeldMandate, type MandatesPage, mandatesPageSchema } from '../../contracts/mandates-page.ts';
import { serviceAddresses } from '../../contracts/service-addresses.ts';
import { type CalledService, callService, type ServiceResponse } from '../../packages/http/call-service.ts';
import type { OpenedSource, ViewSource } from '../../packages/platform/views.ts';
import { RebuildRefused } from '../../packages/projections/rebuild/index.ts';

const mandatesPerPage = 1_000;

/** The mandates of the CRM, read through its REST API. A connection without a customer has mandate 0. */
export const crmSource: ViewSource<MandateChanged> = {
  name: 'CRM',
  option: 'crm',
  address: serviceAddresses.crm,
  advice:
    'Where the CRM is right, its change never reached the log: check its outbox (/status), or save the customer again.',
  open: (url, addressSource) => openCrm(url, addressSource),
};

const openCrm = (url: string, addressSource = ''): OpenedSource<MandateChanged> => {
  const remedy =
    `start it, or give its URL with --crm. ${addressSource && `${addressSource} `}The rebuild compares the new view with the CRM. ` +
    'A rebuild from the log can skip this comparison: --without-crm.';
  return openCalledCrm({ name: 'CRM', url, remedy });
};

const openCalledCrm = (crm: CalledService): OpenedSource<MandateChanged> => ({
  name: `the CRM at ${crm.url}`,
  pages: async function* () {
    for await (const { items } of readPages(crm))
      yield items.map(({ connectionId, connectionMandate }) => ({
        key: connectionId,
        displayValue: connectionMandate,
      }));
  },
  /** Each event has the latest revision that the CRM has issued; the cursor is the last connection of a page. */
  snapshot: {
    name: `the mandates of the CRM at ${crm.url}`,
    pages: async function* (after) {
      for await (const { items, next } of readPages(crm, after))
        yield { events: items.map(toEvent), next: next === null ? undefined : items.at(-1)?.connectionId };
    },
  },
  check: async () => void (await fetchPage(crm, '/mandates?limit=1')),
  findUnfitness: async () => {
    const { ok, body } = await request(crm, '/status');
    return ok && body.database === 'durable'
      ? undefined
      : `The CRM at ${crm.url} keeps its customers in memory: its revisions began again when it was last started, so a view cannot ` +
          'be built from it. Give it a durable database with CRM_DATABASE_URL.';
  },
});

const toEvent = ({ connectionId, connectionMandate, revision, changedAt }: HeldMandate): MandateChanged => ({
  data: { connectionId, connectionMandate },
  revision,
  time: changedAt,
});

async function* readPages(crm: CalledService, after?: string): AsyncGenerator<MandatesPage> {
  const first = `/mandates?limit=${mandatesPerPage}${after === undefined ? '' : `&after=${after}`}`;
  for (let path: string | null = first; path !== null; ) {
    const page: MandatesPage = await fetchPage(crm, path);
    yield page;
    path = page.next;
  }
}

const fetchPage = async (crm: CalledService, path: string): Promise<MandatesPage> => {
  const answer = await request(crm, path);
  const page = mandatesPageSchema.safeParse(answer.body);
  if (answer.ok && page.success) return page.data;
  throw new RebuildRefused(describeRefusal(crm, path, answer));
};

const describeRefusal = (
  crm: CalledService,
  path: string,
  { status, body: { type, detail } }: ServiceResponse,
): string => {
  if (status === 404)
    return `The CRM at ${crm.url} has no GET /mandates, because it is an older release: update it, or leave the CRM out with --without-crm.`;
  if (type === 'urn:problem:invalid-parameter' && path.includes('after='))
    return (
      `The CRM at ${crm.url} does not know the last connection of the previous page (${detail}): it is another CRM, or has ` +
      'lost its data. Continue with the CRM that the rebuild began with (--crm), or give the rebuild up with npm run ' +
      'rebuild -- --abandon, and start again.'
    );
  const reason = detail
    ? ` (${detail})`
    : ', and the response is not a page of mandates: check that --crm is the URL of a CRM';
  return `The CRM at ${crm.url} answers ${path} with ${status}${reason}.`;
};

const request = (crm: CalledService, path: string): Promise<ServiceResponse> =>
  callService(crm, path).catch((error: Error) => {
    throw new RebuildRefused(error.message);
  });
