import { signal } from '@preact/signals';
import { crm, iotPlatform } from '../../services/client.ts';
import type { Mandate } from '../../services/customers.ts';

export type Customer = {
  readonly customerId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly city: string;
  readonly connectionId: string;
  readonly connectionMandate: Mandate;
};

/** A change that this page has made, and how far it has come. */
export type Change = {
  readonly at: string;
  readonly customer: Customer;
  readonly mandate: Mandate;
  readonly revision: number;
  /** How long the CRM took to store it. */
  readonly storedMs: number;
  /** From the answer of the CRM until the view showed it; undefined until then. */
  readonly arrivedMs?: number;
  readonly error?: Error;
};

const longestList = 20;
const waitMs = 10_000;

/** The last changes, newest first; they stay while other pages of the console are shown. */
export const changes = signal<readonly Change[]>([]);

/** Changes the mandate in the CRM, and waits until the IoT platform shows it. @throws if the CRM refuses */
export const changeMandate = async (customer: Customer, mandate: Mandate): Promise<void> => {
  const began = performance.now();
  const { headers, body } = await crm.call<Customer>(`/customers/${customer.customerId}`, {
    method: 'PATCH',
    body: { connectionMandate: mandate },
    headers: { 'Mandate-Channel': 'web' },
  });
  const stored = performance.now();
  const revision = Number(headers.get('Mandate-Revision'));
  const change = { at: new Date().toISOString(), customer: body, mandate, revision, storedMs: stored - began };
  changes.value = [change, ...changes.value].slice(0, longestList);
  const replace = (next: Change) => {
    changes.value = changes.value.map((one) => (one.at === change.at && one.revision === revision ? next : one));
  };
  try {
    const path = `/mandates/${encodeURIComponent(body.connectionId)}?minRevision=${revision}&waitMs=${waitMs}`;
    await iotPlatform.call(path);
    replace({ ...change, arrivedMs: performance.now() - stored });
  } catch (error) {
    replace({ ...change, error: error as Error });
  }
};

/** Finds customers by the number of the connection, or by the beginning of the last name. */
export const findCustomers = async (text: string, signal: AbortSignal): Promise<readonly Customer[]> => {
  const filter: Record<string, string> = /^\d+$/.test(text) ? { connectionId: text } : text ? { name: text } : {};
  const query = new URLSearchParams({ ...filter, limit: '8' });
  return (await crm.call<{ items: Customer[] }>(`/customers?${query}`, { signal })).body.items;
};

/** Any customer, of however many there are. */
export const findRandomCustomer = async (): Promise<Customer | undefined> => {
  const first = async (query: string) =>
    (await crm.call<{ items: Customer[] }>(`/customers?limit=1${query}`)).body.items[0];
  const last = await first('&sort=-customerId');
  if (!last) return undefined;
  return (await first(`&after=${Math.floor(Math.random() * Number(last.customerId))}`)) ?? last;
};
