import { createProgress } from '../../packages/cli/progress.ts';
import { createRandom } from '../lists/fill.ts';
import { applyRecords } from './apply-records.ts';
import { createCustomerRecords, createRegistrationRecords } from './customer-events.ts';
import { createEmptyDatabase, type DatabaseName, findView, openViews } from './databases.ts';
import { formatLatencies, type ListLatency, measureLists, measureReports } from './measure-lists.ts';
import { createLastOrderRecords, customerCount } from './order-events.ts';
import { serveViews } from './serve-views.ts';

/** Larger than a usual delivery, because only the result of filling matters here. */
const batchSize = 5_000;
const reportRequests = 10;

const progress = createProgress(process.stderr);

/** Fills the views through the engine, and measures every list and report of orders over HTTP. */
export const measureMillion = async (
  database: DatabaseName,
  folder: string,
  { orders, pages, seed }: { orders: number; pages: number; seed: number },
): Promise<Record<string, string>[]> => {
  const work = { seed, orders };
  const views = await openViews(await createEmptyDatabase(database, folder, 'customer_view'));
  try {
    const customers = customerCount(work);
    const filled = [
      { view: 'customers', total: customers * 1.2, records: createCustomerRecords({ seed, customers }) },
      { view: 'registrations', total: orders, records: createRegistrationRecords({ seed, customers: orders }) },
      { view: 'orders', total: orders, records: createLastOrderRecords(work) },
    ];
    for (const { view, total, records } of filled) {
      progress.begin(view);
      const onProgress = (done: number) => progress.update([{ name: view, done, total }]);
      await applyRecords(findView(view), views.store, records, { batchSize, onProgress });
      progress.end();
    }
    const { url, close } = await serveViews(views);
    const latencies: ListLatency[] = [];
    const random = createRandom(seed + 1);
    for await (const latency of measureReports(url, reportRequests)) latencies.push(latency);
    for await (const latency of measureLists(url, work, { pages, random })) latencies.push(latency);
    await close();
    return formatLatencies(latencies);
  } finally {
    await views.close();
  }
};
