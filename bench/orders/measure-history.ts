import { openCrmDatabase } from '../../crm/database/index.ts';
import { customerOrders } from '../../crm/orders/index.ts';
import { quantile } from '../measure/statistics.ts';
import { applyRecords } from './apply-records.ts';
import { createEmptyDatabase, type DatabaseName, findView, openViews } from './databases.ts';
import { appendOrders } from './fill-event-store.ts';
import { requestMs } from './measure-lists.ts';
import { createLastOrderRecords, createOrder } from './order-events.ts';
import { serveViews } from './serve-views.ts';

const customerIds = ['1', '2', '20'];
const repeats = 10;
const work = { seed: 1, orders: 20_000 };

/**
 * Compares a page of a customer's order history with what it takes without a view: the CRM loads each order of the customer from its
 * events, in its own process, then sorts and cuts the page. The page of the view is read over HTTP.
 */
export const measureHistoryByReplay = async (
  database: DatabaseName,
  folder: string,
  { seed }: { seed: number },
): Promise<Record<string, string | number>[]> => {
  const seeded = { ...work, seed };
  const orders = Array.from({ length: work.orders }, (_, n) => createOrder(seeded, n));
  const crm = await openCrmDatabase(await createEmptyDatabase(database, folder, 'crm'));
  const views = await openViews(await createEmptyDatabase(database, folder, 'customer_view'));
  const rows: Record<string, string | number>[] = [];
  try {
    await applyRecords(findView('orders'), views.store, createLastOrderRecords(seeded), { batchSize: 500 });
    const { url, close } = await serveViews(views);
    for (const customerId of customerIds) {
      const own = orders.filter((order) => order.customerId === customerId);
      await appendOrders(crm, own);
      const [replayed, viewed]: [number[], number[]] = [[], []];
      for (let n = 0; n < repeats; n++) {
        const began = performance.now();
        const read = [];
        const person = { customerId: Number(customerId), connectionIds: [], record: undefined };
        for await (const page of customerOrders.read(crm, person)) read.push(...page);
        replayed.push(performance.now() - began);
        viewed.push(await requestMs(`${url}/customers/${customerId}/orders`));
        if (read.length !== own.length) throw new Error(`${read.length} of ${own.length} orders were read`);
      }
      const [byReplay, byView] = [quantile(replayed, 0.5), quantile(viewed, 0.5)];
      rows.push({
        database,
        'orders of the customer': own.length,
        'from events, p50': `${byReplay.toFixed(1)} ms`,
        'from the view, p50': `${byView.toFixed(1)} ms`,
        'times faster': (byReplay / byView).toFixed(1),
      });
    }
    await close();
  } finally {
    await crm.destroy();
    await views.close();
  }
  return rows;
};
