import { z } from 'zod';
import {
  type CalledService,
  callService,
  describeRefusal,
  refuseOtherServer,
} from '../../../packages/http/call-service.ts';

const pageSchema = z.object({ items: z.array(z.object({ customerId: z.string() })), next: z.string().nullable() });

/** Lists the numbers of all customers of a CRM, page by page. @throws Error with the reason of a refusal */
export async function* listCustomerIds(crm: CalledService): AsyncGenerator<string[], void> {
  for (let next: string | null = '/customers?limit=1000'; next !== null; ) {
    const answer = await callService(crm, next);
    refuseOtherServer(crm, '/customers', answer);
    if (!answer.ok) throw new Error(`The CRM at ${crm.url} answered ${answer.status}: ${describeRefusal(answer)}`);
    const page = pageSchema.parse(answer.body);
    yield page.items.map(({ customerId }) => customerId);
    next = page.next;
  }
}
