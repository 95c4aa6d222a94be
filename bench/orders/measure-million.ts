import { createRandom } from '../lists/fill.ts';
import { applyRecords } from './apply-records.ts';
import { createCustomerRecords, createRegistrationRecords } from './customer-events.ts';
import { createEmptyDatabase, type DatabaseName, findView, openViews } from './databases.ts';
import { formatLatency, measureLists, measureReports } from './measure-lists.ts';
import { createLastOrderRecords, customerCount } from './order-events.ts';
import { serveViews } from './serve-views.ts';

/** Larger than a usual delivery, because only the result of filling matters here. */
const batchSize = 5_000;
const reportRequests = 10;

/** Fills the views through the engine, and measures every list and report of orders over HTTP. */
export const measureMillion = async (
  database: DatabaseName,
  folder: string,
  { orders, pages, seed }: { orders: number; pages: number; seed: number },
): Promise<Record<string, string>[]> => {
  const work = { seed, orders };
  const views = await openViews(await createEmptyDatabase(database, folder, 'customer_view'));
  try {
    const filled = {
      customers: createCustomerRecords({ seed, customers: customerCount(work) }),
      registrations: createRegistrationRecords({ seed, customers: orders }),
      orders: createLastOrderRecords(work),
    };
    for (const [view, records] of Object.entries(filled))
      await applyRecords(findView(view), views.store, records, {
        batchSize,
        onProgress: (events, seconds) => report(`${view}: ${events} events, ${Math.round(events / seconds)} events/s`),
      });
    const { url, close } = await serveViews(views);
    const rows: Record<string, string>[] = [];
    const random = createRandom(seed + 1);
    for await (const latency of measureReports(url, reportRequests)) rows.push(formatLatency(latency));
    for await (const latency of measureLists(url, work, { pages, random })) {
      rows.push(formatLatency(latency));
      report(Object.values(rows.at(-1) ?? {}).join('  '));
    }
    await close();
    return rows;
  } finally {
    await views.close();
  }
};

const report = (text: string) => process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : '');
