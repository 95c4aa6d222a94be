import { topics } from '../../contracts/topics.ts';
import type { DeliveredRecord } from '../../packages/projections/event-bus.ts';
import { createMessage } from '../work.ts';
import { applyRecords } from './apply-records.ts';
import { createCustomerRecords } from './customer-events.ts';
import { createEmptyDatabase, type DatabaseName, findView, openViews } from './databases.ts';
import { createOrderRecords } from './order-events.ts';

/** As many records as the embedded log delivers at once. */
const batchSize = 500;
const eventsPerOrder = 2.7;

/** The first `count` records of each view. */
const views: Record<string, (count: number, seed: number) => Iterable<DeliveredRecord>> = {
  mandates: (count, seed) => createMandateRecords(count, seed),
  customers: (count, seed) => createCustomerRecords({ seed, customers: Math.ceil(count / 1.2) }),
  orders: (count, seed) => createOrderRecords({ seed, orders: Math.ceil(count / eventsPerOrder) }),
};

/** Changes of mandates, as many per connection as an order has events. */
function* createMandateRecords(events: number, seed: number): Generator<DeliveredRecord> {
  const { name, partitions } = topics.connectionMandates;
  const ends = Array.from({ length: partitions }, () => 0);
  for (let n = 0; n < events; n++) {
    const work = { seed, events, keys: Math.ceil(events / eventsPerOrder) };
    const { key, value, partition } = createMessage(work, n, partitions);
    const offset = ends[partition] as number;
    ends[partition] = offset + 1;
    yield { topic: name, key, value: Buffer.from(value), partition, offset, timestamp: Date.now() };
  }
}

/**
 * Measures the rate at which the engine applies the events of each view, in deliveries of 500 records, and of the orders view also one
 * record at a time, as a subscriber does that stores each event when it arrives.
 */
export const measureReplay = async (
  database: DatabaseName,
  folder: string,
  { events, seed }: { events: number; seed: number },
): Promise<Record<string, string | number>[]> => {
  const measured: { what: string; rate: number; cpu: number }[] = [];
  const measure = async (view: string, count: number, size: number) => {
    const opened = await openViews(await createEmptyDatabase(database, folder, 'customer_view'));
    try {
      const records = views[view]?.(count, seed) ?? [];
      const {
        events: applied,
        seconds,
        cpuSeconds,
      } = await applyRecords(findView(view), opened.store, records, {
        batchSize: size,
      });
      const what = size === 1 ? `${view}, one record at a time` : view;
      measured.push({ what, rate: applied / seconds, cpu: (cpuSeconds * 1_000_000) / applied });
    } finally {
      await opened.close();
    }
  };
  for (const view of Object.keys(views)) await measure(view, events, batchSize);
  await measure('orders', Math.ceil(events / 50), 1);
  const [mandates] = measured;
  return measured.map(({ what, rate, cpu }) => ({
    database,
    view: what,
    'events/s': Math.round(rate),
    'of the mandates view': (rate / (mandates?.rate ?? Number.NaN)).toFixed(2),
    'CPU of the service, µs per event': Math.round(cpu),
  }));
};
