import { crm } from './client.ts';
import type { Customer } from './customers.ts';

export type Money = { readonly amount: number; readonly currency: string };

export const statuses = ['pending', 'shipped', 'delivered', 'cancelled', 'rejected'] as const;
export type Status = (typeof statuses)[number];

export type Order = {
  readonly orderId: string;
  readonly version: number;
  readonly customerId: string;
  readonly productId: string;
  readonly company: string | null;
  /** Only the CRM knows it. */
  readonly place?: string | null;
  readonly quantity: number;
  readonly unitPrice: Money;
  readonly total: Money;
  readonly status: Status;
  readonly expectedDeliveryDate: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Only in the list that joins orders with customers; null if the customer is unknown, deleted or erased. */
  readonly customer?: Pick<Customer, 'firstName' | 'lastName'> | null;
};

export type OrderEvent = {
  readonly version: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly metadata: { readonly actor: string | null };
  readonly recordedAt: string;
};

export const orderPath = (orderId: string): string => `/orders/${encodeURIComponent(orderId)}`;

/** Reads an order of the CRM, as it is or as it was in a version or at a time. */
export const readOrder = async (orderId: string, past = '', signal?: AbortSignal): Promise<Order> =>
  (await crm.call<Order>(`${orderPath(orderId)}${past}`, { signal })).body;
