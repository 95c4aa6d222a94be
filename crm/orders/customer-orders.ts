import type { Kysely, Transaction } from 'kysely';
import { readPages } from '../../packages/database/pages.ts';
import type { PersonalDataSource } from '../customers/index.ts';
import type { CrmDatabase } from '../database/index.ts';
import { eraseContent } from './execute-once.ts';
import { loadOrder } from './load-order.ts';
import type { Order } from './order.ts';
import { showOrder } from './order-schemas.ts';

/** `place` is where to deliver. It is free text and may name a person, so it is in no event, topic or snapshot. */
export type CustomerOrder = { readonly orderId: string; readonly customerId: number; readonly place: string | null };

export const insertCustomerOrder = async (trx: Transaction<CrmDatabase>, order: CustomerOrder): Promise<void> => {
  await trx.insertInto('customerOrder').values(order).execute();
};

/** The place of delivery; null if there is none or if it was erased. */
export const readPlace = async (db: Kysely<CrmDatabase>, orderId: string): Promise<string | null> => {
  const query = db.selectFrom('customerOrder').select('place').where('orderId', '=', orderId);
  return (await query.executeTakeFirst())?.place ?? null;
};

const ordersPerPage = 100;

/** The orders of a person. An erasure removes the places; the orders stay under the customerId, which names no person. */
export const customerOrders: PersonalDataSource = {
  read: async function* (db, { customerId }) {
    for await (const page of readPages<CustomerOrder>(ordersPerPage, (after, limit) =>
      listOrdersOf(db, customerId, after?.orderId ?? '', limit),
    )) {
      const orders = [];
      for (const { orderId, place } of page) {
        const { order } = (await loadOrder(db, orderId)) as { order: Order };
        orders.push(showOrder(order, place));
      }
      yield orders;
    }
  },
  erase: async (trx, { customerId }) => {
    for (;;) {
      const withPlace = trx.selectFrom('customerOrder').select('orderId').where('customerId', '=', customerId);
      const rows = await withPlace.where('place', 'is not', null).limit(ordersPerPage).execute();
      if (rows.length === 0) return;
      const orderIds = rows.map(({ orderId }) => orderId);
      await trx.updateTable('customerOrder').set({ place: null }).where('orderId', 'in', orderIds).execute();
      await eraseContent(trx, orderIds);
    }
  },
};

const listOrdersOf = (db: Kysely<CrmDatabase>, customerId: number, after: string, limit: number) =>
  db
    .selectFrom('customerOrder')
    .selectAll()
    .where('customerId', '=', customerId)
    .where('orderId', '>', after)
    .orderBy('orderId')
    .limit(limit)
    .execute();
