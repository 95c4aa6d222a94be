import { z } from 'zod';
import { mandatesPageSchema } from '../../../contracts/mandates-page.ts';
import {
  type CalledService,
  callService,
  describeRefusal,
  refuseOtherServer,
} from '../../../packages/http/call-service.ts';

const customersPageSchema = z.object({
  items: z.array(z.object({ customerId: z.string() })),
  next: z.string().nullable(),
});

/** Reads a list of a CRM page by page. @throws Error with the reason of a refusal */
async function* readList<Page extends { readonly next: string | null }>(
  crm: CalledService,
  path: string,
  schema: z.ZodType<Page>,
): AsyncGenerator<Page, void> {
  for (let next: string | null = `${path}?limit=1000`; next !== null; ) {
    const answer = await callService(crm, next);
    refuseOtherServer(crm, path, answer);
    if (!answer.ok) throw new Error(`The CRM at ${crm.url} answered ${answer.status}: ${describeRefusal(answer)}`);
    const page = schema.parse(answer.body);
    yield page;
    next = page.next;
  }
}

/** Lists the numbers of all customers of a CRM, page by page. */
export async function* listCustomerIds(crm: CalledService): AsyncGenerator<string[], void> {
  for await (const { items } of readList(crm, '/customers', customersPageSchema))
    yield items.map(({ customerId }) => customerId);
}

/** Lists the connections of all mandates of a CRM, page by page. */
export async function* listConnectionIds(crm: CalledService): AsyncGenerator<string[], void> {
  for await (const { items } of readList(crm, '/mandates', mandatesPageSchema))
    yield items.map(({ connectionId }) => connectionId);
}
