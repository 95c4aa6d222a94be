import { setTimeout as delay } from 'node:timers/promises';
import {
  type AnsweredChange,
  type AnsweredOrder,
  type ChangeRecord,
  describeMandate,
  describeOrder,
} from './change-record.ts';
import type { Random } from './random.ts';

/** An instance that is queried, and its view. Instances of one view must not contradict each other. */
export type SampledInstance = { name: string; url: string; view: string };

/** What an instance shows of one key. `text` is compared with the log. */
type Shown = { readonly revision: number; readonly text?: string };

/** The keys that are queried, and how an instance is queried for one. */
type SampledView = {
  readonly keys: () => readonly string[];
  readonly fetchShown: (url: string, key: string) => Promise<Shown | undefined>;
};

export type Sampling = {
  readonly answers: number;
  /** Descriptions of answers with an older revision than an earlier answer of the same view. */
  readonly regressions: Set<string>;
  /** All values that the views have shown. */
  readonly shown: Set<string>;
  stop(): Promise<void>;
};

const requestTimeoutMs = 2_000;
const pauseMs = 4;

/**
 * Queries each instance continuously for random keys. An answer must be at least as new as all answers of the same view that were
 * complete when the query was sent, from any of its instances.
 */
export const startSampling = (
  instances: readonly SampledInstance[],
  { keys, fetchShown }: SampledView,
  random: Random,
): Sampling => {
  const sampling = { answers: 0, regressions: new Set<string>(), shown: new Set<string>() };
  const newest = new Map<string, number>();
  let stopping = false;

  const sample = async ({ name, url, view }: SampledInstance, key: string) => {
    const place = `${view} ${key}`;
    const floor = newest.get(place) ?? 0;
    const answer = await fetchShown(url, key).catch(() => undefined); // down, or too slow
    if (!answer) return;
    sampling.answers++;
    const { revision, text } = answer;
    if (text !== undefined) sampling.shown.add(text);
    if (revision < floor) sampling.regressions.add(`${name} showed revision ${revision} of ${key} after ${floor}`);
    newest.set(place, Math.max(floor, revision, newest.get(place) ?? 0));
  };

  const queryContinuously = async (instance: SampledInstance, own: Random) => {
    while (!stopping) {
      const known = keys();
      if (known.length > 0) await sample(instance, own.oneOf(known));
      await delay(pauseMs);
    }
  };
  const querying = instances.map((instance) => queryContinuously(instance, random.fork()));

  return Object.assign(sampling, {
    stop: async () => {
      stopping = true;
      await Promise.all(querying);
    },
  });
};

const fetchAnswer = async (url: string) => {
  const response = await fetch(url, { signal: AbortSignal.timeout(requestTimeoutMs) });
  return { status: response.status, body: (await response.json()) as unknown };
};

/** The mandates of an IoT platform. */
export const mandatesOf = ({ connections }: ChangeRecord): SampledView => ({
  keys: () => [...connections],
  fetchShown: async (url, connectionId) => {
    const { status, body } = await fetchAnswer(`${url}/mandates/${connectionId}`);
    const mandate = body as AnsweredChange;
    return status === 200 ? { revision: mandate.revision, text: describeMandate(mandate) } : undefined;
  },
});

/** The orders and customers of a customer-view. An order has its version; a customer that was erased is the newest state of all. */
export const ordersAndCustomersOf = ({ orders, customers, removed }: ChangeRecord): SampledView => ({
  keys: () => [
    ...[...orders.keys()].slice(-sampledOrders).map((id) => `/orders/${id}`),
    ...[...customers.keys(), ...removed.keys()].map((id) => `/customers/${id}`),
  ],
  fetchShown: async (url, path) => {
    const { status, body } = await fetchAnswer(`${url}${path}`);
    if (path.startsWith('/customers/')) return { 200: { revision: 1 }, 410: { revision: 2 } }[status];
    const order = body as AnsweredOrder;
    return status === 200 ? { revision: order.version, text: describeOrder(order) } : undefined;
  },
});

/** Only orders that were created lately change. */
const sampledOrders = 200;
