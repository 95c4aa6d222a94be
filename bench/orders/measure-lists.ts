import type { OrderState } from '../../contracts/events/order-changed/schema.ts';
import { writeCursor } from '../../customer-view/queries/index.ts';
import { groupBy } from '../../packages/runtime/group-by.ts';
import { quantile } from '../measure/statistics.ts';
import { createOrder, type OrderWork } from './order-events.ts';

type Query = Readonly<Record<string, string>>;

/** The filters of every list of orders, each with the values of a given order. */
const filters: Record<string, (order: OrderState) => Query> = {
  none: () => ({}),
  product: ({ productId }) => ({ product: productId }),
  status: ({ status }) => ({ status }),
  'product, status': ({ productId, status }) => ({ product: productId, status }),
  period: ({ createdAt }) => monthOf(createdAt),
  'product, period': ({ productId, createdAt }) => ({ product: productId, ...monthOf(createdAt) }),
  'status, period': ({ status, createdAt }) => ({ status, ...monthOf(createdAt) }),
  'product, status, period': ({ productId, status, createdAt }) => ({
    product: productId,
    status,
    ...monthOf(createdAt),
  }),
};

const monthOf = (time: string): Query => {
  const month = new Date(time);
  const startOf = (added: number) => new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + added));
  return { from: startOf(0).toISOString().slice(0, 10), to: startOf(1).toISOString().slice(0, 10) };
};

const lists: readonly { path: string; pathOf: (order: OrderState) => string; sorts: readonly string[] }[] = [
  {
    path: '/customers/N/orders',
    pathOf: ({ customerId }) => `/customers/${customerId}/orders`,
    sorts: ['-createdAt', 'createdAt', '-total', 'total'],
  },
  // The customer with the most orders, also with filters that match few of them.
  { path: '/customers/1/orders', pathOf: () => '/customers/1/orders', sorts: ['-createdAt', '-total'] },
  { path: '/orders', pathOf: () => '/orders', sorts: ['-createdAt', 'createdAt'] },
  { path: '/customer-orders', pathOf: () => '/customer-orders', sorts: ['-createdAt', 'createdAt'] },
];

/** Latencies in ms of first pages, and of pages that begin after an order drawn at random. */
export type ListLatency = {
  readonly list: string;
  readonly filter: string;
  readonly first: readonly number[];
  readonly deep: readonly number[];
};

/** Requests pages of 100 orders of every list with every filter and sort, one after the other, for orders drawn at random. */
export async function* measureLists(
  url: string,
  work: OrderWork,
  { pages, random }: { pages: number; random: () => number },
): AsyncGenerator<ListLatency> {
  for (const { path, pathOf, sorts } of lists)
    for (const sort of sorts)
      for (const [filter, queryOf] of Object.entries(filters)) {
        const [first, deep]: [number[], number[]] = [[], []];
        for (let page = 0; page < pages; page++) {
          const order = createOrder(work, Math.floor(random() * work.orders));
          const query = { ...queryOf(order), sort, limit: '100' };
          first.push(await requestMs(`${url}${pathOf(order)}?${new URLSearchParams(query)}`));
          const value = sort.endsWith('total') ? order.total.amount : Date.parse(order.createdAt);
          const after = new URLSearchParams({
            ...query,
            after: writeCursor(`${pathOf(order)} ${sort}`, [value, order.orderId]),
          });
          deep.push(await requestMs(`${url}${pathOf(order)}?${after}`));
        }
        yield { list: `\`${path}?sort=${sort}\``, filter, first, deep };
      }
}

/** Requests each report several times. */
export async function* measureReports(url: string, requests: number): AsyncGenerator<ListLatency> {
  for (const report of [
    'new-customers',
    ...['month', 'product', 'status', 'month,product'].map((by) => `orders?by=${by}`),
  ]) {
    const first: number[] = [];
    for (let n = 0; n < requests; n++) first.push(await requestMs(`${url}/reports/${report}`));
    yield { list: `\`/reports/${report}\``, filter: '', first, deep: [] };
  }
}

/** Requests a page. @returns its latency in ms. @throws Error when the answer is not 200 */
export const requestMs = async (url: string): Promise<number> => {
  const began = performance.now();
  const response = await fetch(url);
  const body = await response.text();
  const took = performance.now() - began;
  if (response.status !== 200) throw new Error(`${url} was answered with ${response.status}: ${body.slice(0, 300)}`);
  return took;
};

/** Formats the latencies of each list as a row of text, with those of all filters, and with the slowest filter. */
export const formatLatencies = (latencies: readonly ListLatency[]): Record<string, string>[] =>
  [...groupBy(latencies, ({ list }) => list)].map(([list, ofList]) => {
    const first = ofList.flatMap((one) => one.first);
    const deep = ofList.flatMap((one) => one.deep);
    const byFilter = ofList.map(({ filter, ...one }) => ({ filter, p95: quantile([...one.first, ...one.deep], 0.95) }));
    const slowest = byFilter.toSorted((one, other) => other.p95 - one.p95)[0];
    return {
      list,
      'first page, p50': formatMs(first, 0.5),
      'first page, p95': formatMs(first, 0.95),
      'later page, p50': formatMs(deep, 0.5),
      'later page, p95': formatMs(deep, 0.95),
      'slowest filter, p95': slowest?.filter ? `${slowest.filter}: ${slowest.p95.toFixed(1)} ms` : '',
      max: formatMs([...first, ...deep], 1),
    };
  });

const formatMs = (values: readonly number[], share: number): string =>
  values.length === 0 ? '' : `${quantile(values, share).toFixed(1)} ms`;
