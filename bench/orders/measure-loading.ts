import { openCrmDatabase } from '../../crm/database/index.ts';
import { loadOrder } from '../../crm/orders/load-order.ts';
import { quantile } from '../measure/statistics.ts';
import { createEmptyDatabase, type DatabaseName } from './databases.ts';
import { appendLongOrder, replaceSnapshot } from './fill-event-store.ts';
import { createOrder } from './order-events.ts';

const events = 10_000;
const sinceSnapshot = 99;
const loads = 20;

/** Measures loading one order with 10,000 events: from all of them, from a snapshot and 99 events, and from a snapshot alone. */
export const measureLoading = async (
  database: DatabaseName,
  folder: string,
  { seed }: { seed: number },
): Promise<Record<string, string | number>[]> => {
  const db = await openCrmDatabase(await createEmptyDatabase(database, folder, 'crm'));
  const order = createOrder({ seed, orders: 1 }, 0);
  const measure = async (snapshotVersion: number) => {
    const took: number[] = [];
    for (let n = 0; n < loads; n++) {
      const began = performance.now();
      const loaded = await loadOrder(db, order.orderId);
      took.push(performance.now() - began);
      if (loaded?.order.version !== events || loaded.snapshotVersion !== snapshotVersion)
        throw new Error(`version ${loaded?.order.version} from snapshot ${loaded?.snapshotVersion}`);
    }
    return quantile(took, 0.5);
  };
  try {
    await appendLongOrder(db, order, events);
    const fromAll = await measure(0);
    await replaceSnapshot(db, order.orderId, events - sinceSnapshot);
    const fromBoth = await measure(events - sinceSnapshot);
    await replaceSnapshot(db, order.orderId, events);
    const rows = {
      'all events': fromAll,
      [`a snapshot and ${sinceSnapshot} events`]: fromBoth,
      'a snapshot': await measure(events),
    };
    return Object.entries(rows).map(([from, ms]) => ({
      database,
      'loaded from': from,
      median: `${ms.toFixed(1)} ms`,
      'times faster': Math.round(fromAll / ms),
    }));
  } finally {
    await db.destroy();
  }
};
