import { mandatesPageSchema } from '../../../contracts/mandates-page.ts';
import {
  type CalledService,
  callService,
  describeRefusal,
  refuseOtherServer,
  type ServiceResponse,
} from '../../../packages/http/call-service.ts';
import type { Generation } from '../../../packages/projections/generations/index.ts';
import { mandates } from '../materialise.ts';

/**
 * The answer of one side (CRM or view) about a connection. `level` is undefined when that side knows no mandate, which
 * permits as much as 0. `where` describes the source of the answer. `refusal` is the reason for a refusal to answer.
 */
export type SideAnswer = { level: string | undefined; revision?: number | undefined; where: string; refusal?: string };

/**
 * `isUnknown`: the CRM has never issued a revision for the connection. `isDurable`: whether the CRM keeps its revisions
 * when it restarts. All three fields are absent when the release of the CRM does not report them.
 */
export type CrmAnswer = SideAnswer & {
  readonly connectionId?: string;
  readonly isUnknown?: boolean;
  readonly isDurable?: boolean;
};

/**
 * Reads the connection's mandate from the CRM.
 * @throws Error with a message that says what to do, when the CRM does not answer
 */
export const fetchCrmAnswer = async (crm: CalledService, connectionId: string): Promise<CrmAnswer> => {
  const customers = await callService(crm, `/customers?connectionId=${connectionId}`);
  refuseOtherServer(crm, '/customers', customers);
  if (customers.status !== 200) throw createRefusedError(crm, customers);
  const [holder] = customers.body.items as { customerId: string; connectionMandate: string }[];
  const where = holder ? `customer ${holder.customerId}` : 'no customer holds it';
  const [page, state] = await Promise.all([
    callService(crm, `/mandates?connectionId=${connectionId}`),
    callService(crm, '/status'),
  ]);
  const held = mandatesPageSchema.safeParse(page.body);
  if (page.status !== 200 || !held.success) return { level: holder?.connectionMandate, where };
  const [mandate] = held.data.items;
  const about = { where, connectionId, isUnknown: !mandate, isDurable: state.body.database === 'durable' };
  return { ...about, level: mandate?.connectionMandate, revision: mandate?.revision };
};

/**
 * Reads the connection's mandate from the view, and which generation of which store answered.
 * @throws Error with a message that says what to do, when the IoT platform does not answer
 */
export const fetchViewAnswer = async (iotPlatform: CalledService, connectionId: string): Promise<SideAnswer> => {
  const [mandate, state] = await Promise.all([
    callService(iotPlatform, `/mandates/${connectionId}`),
    callService(iotPlatform, `/status?view=${mandates.name}`),
  ]);
  refuseOtherServer(iotPlatform, '/status', state);
  refuseOtherServer(iotPlatform, '/mandates', mandate);
  const { store, view } = state.body as { store: string; view: { state: string; generation?: Generation } };
  const { number, store: other = store } = view.generation ?? { number: 'unknown' };
  const where = `generation ${number} in ${other}, ${view.state}`;
  if (mandate.status === 404) return { level: undefined, where };
  // A refusal of the view does not prevent the comparison of log and CRM.
  if (mandate.status === 503) return { level: undefined, where, refusal: describeRefusal(mandate) };
  if (mandate.status !== 200) throw createRefusedError(iotPlatform, mandate);
  const { connectionMandate, revision } = mandate.body as { connectionMandate: string; revision: number };
  return { level: connectionMandate, revision, where };
};

const createRefusedError = ({ name, url }: CalledService, answer: ServiceResponse) =>
  new Error(`The ${name} at ${url} answers: ${describeRefusal(answer)}`);
