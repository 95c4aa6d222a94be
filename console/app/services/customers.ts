import { crm } from './client.ts';
import type { Page } from './use-pages.ts';

/** The level of a connection mandate. */
export type Mandate = '0' | '1' | '2';

export type CustomerData = {
  readonly firstName: string;
  readonly lastName: string;
  readonly city: string;
  readonly connectionId: string;
  readonly connectionMandate: Mandate;
  readonly email: string | null;
  readonly phone: string | null;
};

export type Customer = CustomerData & {
  readonly customerId: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
};

export type MandateChange = {
  readonly connectionId: string;
  readonly connectionMandate: Mandate;
  readonly revision: number;
  readonly changedAt: string;
  readonly changedBy: string | null;
  readonly channel: string | null;
  readonly reference: string | null;
};

export const pathOf = (customerId: string): string => `/customers/${encodeURIComponent(customerId)}`;

export const readCustomer = async (customerId: string, signal?: AbortSignal): Promise<Customer> =>
  (await crm.call<Customer>(pathOf(customerId), { signal })).body;

export const nameOf = ({ firstName, lastName }: Pick<CustomerData, 'firstName' | 'lastName'>): string =>
  `${firstName} ${lastName}`;

/** A list of customers with these filters, from its beginning. */
export const listCustomers = async (
  filters: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<readonly Customer[]> =>
  (await crm.call<Page<Customer>>(`/customers?${new URLSearchParams(filters)}`, { signal })).body.items;

/** Finds a few customers: by the number of the customer or of the connection, or by the beginning of the last name; without text the first ones. */
export const searchCustomers = async (text: string, signal?: AbortSignal): Promise<readonly Customer[]> => {
  const limit = '8';
  if (text === '') return listCustomers({ limit }, signal);
  if (!/^[0-9]+$/.test(text)) return listCustomers({ name: text, limit }, signal);
  const [ofConnection, ofNumber] = await Promise.all([
    listCustomers({ connectionId: text }, signal),
    findCustomer(Number(text), signal),
  ]);
  return [...ofNumber, ...ofConnection.filter(({ customerId }) => customerId !== ofNumber[0]?.customerId)];
};

/** A list, because a search for a number that no customer has is not an error. */
const findCustomer = async (number: number, signal?: AbortSignal): Promise<readonly Customer[]> => {
  if (number < 1 || !Number.isSafeInteger(number)) return [];
  const found = await listCustomers({ after: String(number - 1), limit: '1' }, signal);
  return found.filter(({ customerId }) => customerId === String(number));
};

/** Any customer, of however many there are. */
export const findRandomCustomer = async (): Promise<Customer | undefined> => {
  const [last] = await listCustomers({ sort: '-customerId', limit: '1' });
  if (!last) return undefined;
  const after = String(Math.floor(Math.random() * Number(last.customerId)));
  return (await listCustomers({ after, limit: '1' }))[0] ?? last;
};
