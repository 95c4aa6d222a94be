import { mandateLevels } from '../../contracts/connection-mandate.ts';
import type { Source } from '../../lib/rebuild/find-suspects.ts';
import { RebuildRefused } from '../../lib/rebuild/rebuild-refused.ts';

type Page = { items: { connectionId: string; connectionMandate: string }[]; next: string | null };

const customersPerPage = 1_000;
const pageWithinMs = 30_000;

/** The mandates as the CRM has them, through its REST API. A connection that no customer holds has none. */
export const crmSource = (crm: string): Source => ({
  name: `the CRM at ${crm}`,
  pages: async function* () {
    for (let path: string | null = `/customers?limit=${customersPerPage}`; path !== null; ) {
      const page: Page = await fetchPage(crm, path);
      yield page.items.map(({ connectionId, connectionMandate }) => ({ key: connectionId, shown: connectionMandate }));
      path = page.next;
    }
  },
});

/** "0" and "no such connection" are the same answer to whoever wants to read a meter. */
export const shownMandate = (mandate: { connectionMandate: string } | undefined): string =>
  mandate?.connectionMandate ?? mandateLevels.none;

/** @throws RebuildRefused when the CRM cannot be asked */
export const checkCrm = async (crm: string): Promise<void> => void (await fetchPage(crm, '/customers?limit=1'));

const fetchPage = async (crm: string, path: string): Promise<Page> => {
  const answer = await fetch(new URL(path, crm), { signal: AbortSignal.timeout(pageWithinMs) }).catch(
    (error: Error) => {
      const { cause } = error as { cause?: Error };
      throw new RebuildRefused(
        `The CRM at ${crm} does not answer (${cause?.message || error.message}), so nobody could tell whether the new view is right. ` +
          'Start it, name it with --crm, or go without: --without-crm.',
      );
    },
  );
  if (!answer.ok) throw new RebuildRefused(`The CRM at ${crm} answers ${path} with ${answer.status}.`);
  return (await answer.json()) as Page;
};
