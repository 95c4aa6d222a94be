import { mandatesPageSchema } from '../../../contracts/mandates-page.ts';
import {
  type CalledService,
  callService,
  describeRefusal,
  type ServiceResponse,
} from '../../../packages/http/call-service.ts';
import type { Generation } from '../../../packages/projections/generations/index.ts';
import { mandates } from '../materialise.ts';

/**
 * What one side says of a connection; `level` is undefined where it knows no mandate, which permits nothing. `refusal`:
 * why it refuses.
 */
export type Said = { level: string | undefined; revision?: number | undefined; where: string; refusal?: string };

/**
 * `isUnknown`: the CRM never gave the connection a revision. `isDurable`: whether it keeps its revisions over a restart. All
 * three are absent where the CRM is of a release that does not say them.
 */
export type SaidByCrm = Said & {
  readonly connectionId?: string;
  readonly isUnknown?: boolean;
  readonly isDurable?: boolean;
};

/** What the CRM says of the connection's mandate. @throws Error that says what to do when it does not answer */
export const askCrm = async (url: string, connectionId: string): Promise<SaidByCrm> => {
  const crm = { name: 'CRM', url, remedy: 'start it, or set CRM_URL.' };
  const customers = await callService(crm, `/customers?connectionId=${connectionId}`);
  if (customers.status !== 200) throw refused(crm, customers);
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

/** What the IoT platform's view says of it, and where it looked. @throws Error as for the CRM */
export const askView = async (url: string, connectionId: string): Promise<Said> => {
  const iotPlatform = { name: 'IoT platform', url, remedy: 'start it, or set IOT_PLATFORM_URL.' };
  const [mandate, state] = await Promise.all([
    callService(iotPlatform, `/mandates/${connectionId}`),
    callService(iotPlatform, `/status?view=${mandates.name}`),
  ]);
  const { store, view } = state.body as { store: string; view: { state: string; generation?: Generation } };
  const { number, store: other = store } = view.generation ?? { number: 'unknown' };
  const where = `generation ${number} in ${other}, ${view.state}`;
  if (mandate.status === 404) return { level: undefined, where };
  // A view that refuses is no reason not to show the rest.
  if (mandate.status === 503) return { level: undefined, where, refusal: describeRefusal(mandate) };
  if (mandate.status !== 200) throw refused(iotPlatform, mandate);
  const { connectionMandate, revision } = mandate.body as { connectionMandate: string; revision: number };
  return { level: connectionMandate, revision, where };
};

const refused = ({ name, url }: CalledService, answer: ServiceResponse) =>
  new Error(`The ${name} at ${url} says: ${describeRefusal(answer)}`);
