import { mandatesPageSchema } from '../../contracts/mandates-page.ts';
import type { Generation } from '../../packages/projections/generations/index.ts';

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

type Answer = { status: number; body: Record<string, unknown> };

/** What the CRM says of the connection's mandate. @throws Error that says what to do when it does not answer */
export const askCrm = async (url: string, connectionId: string): Promise<SaidByCrm> => {
  const ask = (path: string) => get(`${url}${path}`, 'CRM', 'CRM_URL');
  const { status, body } = await ask(`/customers?connectionId=${connectionId}`);
  if (status !== 200) throw refused('CRM', url, body);
  const [holder] = body.items as { customerId: string; connectionMandate: string }[];
  const where = holder ? `customer ${holder.customerId}` : 'no customer holds it';
  const [mandates, state] = await Promise.all([ask(`/mandates?connectionId=${connectionId}`), ask('/status')]);
  const page = mandatesPageSchema.safeParse(mandates.body);
  if (mandates.status !== 200 || !page.success) return { level: holder?.connectionMandate, where };
  const [mandate] = page.data.items;
  const about = { where, connectionId, isUnknown: !mandate, isDurable: state.body.database === 'durable' };
  return { ...about, level: mandate?.connectionMandate, revision: mandate?.revision };
};

/** What the IoT platform's view says of it, and where it looked. @throws Error as for the CRM */
export const askView = async (url: string, connectionId: string): Promise<Said> => {
  const [mandate, { body: state }] = await Promise.all([
    get(`${url}/mandates/${connectionId}`, 'IoT platform', 'IOT_PLATFORM_URL'),
    get(`${url}/status`, 'IoT platform', 'IOT_PLATFORM_URL'),
  ]);
  const { store, view } = state as { store: string; view: { state: string; generation?: Generation } };
  const { number, store: other = store } = view.generation ?? { number: 'unknown' };
  const where = `generation ${number} in ${other}, ${view.state}`;
  if (mandate.status === 404) return { level: undefined, where };
  // A view that refuses is no reason not to show the rest.
  if (mandate.status === 503) return { level: undefined, where, refusal: saying(mandate.body) };
  if (mandate.status !== 200) throw refused('IoT platform', url, mandate.body);
  const { connectionMandate, revision } = mandate.body as { connectionMandate: string; revision: number };
  return { level: connectionMandate, revision, where };
};

const get = async (url: string, name: string, variable: string): Promise<Answer> => {
  const response = await fetch(url).catch(() => {
    throw new Error(`The ${name} does not answer at ${new URL(url).origin}: start it, or set ${variable}.`);
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const refused = (name: string, url: string, body: Record<string, unknown>) =>
  new Error(`The ${name} at ${url} says: ${saying(body)}`);

const saying = ({ detail, remedy }: Record<string, unknown>) => `${detail}${remedy ? ` ${remedy}` : ''}`;
