/** The level of a connection mandate. */
export type Mandate = '0' | '1' | '2';

import { crm } from './client.ts';

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
