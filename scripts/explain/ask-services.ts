import type { Generation } from '../../lib/generations/generation.ts';
import type { Said } from './judge.ts';

type Answer = { status: number; body: Record<string, unknown> };

/** What the CRM says of the connection's mandate. @throws Error that says what to do when it does not answer */
export const askCrm = async (url: string, connectionId: string): Promise<Said> => {
  const { status, body } = await get(`${url}/customers?connectionId=${connectionId}`, 'CRM', 'CRM_URL');
  if (status !== 200) throw refused('CRM', url, body);
  const [holder] = body.items as { customerId: string; connectionMandate: string }[];
  return { level: holder?.connectionMandate, where: holder ? `customer ${holder.customerId}` : 'no customer holds it' };
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
  // Whoever asks why the view answers nobody wants to see all the rest.
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
