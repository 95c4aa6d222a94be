import { expect } from 'vitest';
import { eventually } from './eventually.ts';
import { getJson, postJson } from './http.ts';

/** Places an order of customer 7 in the CRM, and waits until the customer-view shows it in the history of the customer. */
export const expectOrderInHistory = async (crm: string, customerView: string): Promise<void> => {
  const order = {
    ...{ customerId: '7', productId: 'p1', quantity: 3, expectedDeliveryDate: '2026-12-24' },
    unitPrice: { amount: 1999, currency: 'EUR' },
  };
  const placed = await postJson(`${crm}/orders`, order);
  expect(placed.status).toBe(201);
  const { orderId } = (await placed.json()) as { orderId: string };
  await eventually(async () =>
    expect(await getJson(`${customerView}/customers/7/orders`)).toMatchObject({
      status: 200,
      body: {
        customer: { firstName: 'Corinne' },
        items: expect.arrayContaining([expect.objectContaining({ orderId })]),
      },
    }),
  );
};
