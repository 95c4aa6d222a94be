import { signal } from '@preact/signals';
import { crm, iotPlatform } from '../../services/client.ts';
import type { Customer, Mandate } from '../../services/customers.ts';

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
