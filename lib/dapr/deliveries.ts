import express, { type Request, type RequestHandler, type Response, type Router } from 'express';
import type { BatchHandler, DeliveredRecord, Subscription, Verdict } from '../event-bus.ts';

export type Deliveries = {
  /** Before the app listens: the sidecar asks once, and drops for ever what a route answers with 404. */
  add(pubsub: string, topic: string, handler: BatchHandler): Subscription;
  /** What the sidecar is asked to subscribe to. */
  subscriptions(): readonly { pubsub: string; topic: string }[];
  router: Router;
};

type BulkDelivery = { entries: { entryId: string; event: string; metadata?: Record<string, string> }[] };

const maxMessagesCount = 1000;
const maxAwaitDurationMs = 4;

/** The routes by which the sidecar asks for subscriptions and delivers; `guard` keeps others out. */
export const createDeliveries = (guard: RequestHandler, now: () => number): Deliveries => {
  const subscriptions: { pubsub: string; topic: string; path: string }[] = [];
  const router = express.Router();
  const json = express.json({ limit: '64mb', type: () => true });

  router.get('/dapr/config', guard, (_req, res) => void res.json({}));
  router.get('/dapr/subscribe', guard, (_req, res) => void res.json(subscriptions.map(asSubscription)));

  return {
    router,
    subscriptions: () => subscriptions,
    add: (pubsub, topic, handler) => {
      const path = `/deliveries/${topic}`;
      const underway = new Set<Promise<unknown>>();
      let closed = false;
      const deliver = async (req: Request, res: Response) => {
        const { entries } = req.body as BulkDelivery;
        const batch = entries.map((entry) => asRecord(topic, entry, now()));
        const verdicts = closed ? [] : await handler(batch).catch((): readonly Verdict[] => []);
        const statuses = entries.map(({ entryId }, i) => ({
          entryId,
          status: verdicts[i] === 'done' ? 'SUCCESS' : 'RETRY',
        }));
        res.json({ statuses });
      };
      subscriptions.push({ pubsub, topic, path });
      router.post(path, guard, json, async (req, res) => {
        const delivery = deliver(req, res);
        underway.add(delivery);
        await delivery.finally(() => underway.delete(delivery));
      });
      return {
        close: async () => {
          closed = true;
          await Promise.allSettled(underway);
        },
      };
    },
  };
};

/** Raw, for then the sidecar does not take the event apart only to put it together again. */
const asSubscription = ({ pubsub, topic, path }: { pubsub: string; topic: string; path: string }) => ({
  pubsubname: pubsub,
  topic,
  routes: { default: path },
  metadata: { rawPayload: 'true' },
  bulkSubscribe: { enabled: true, maxMessagesCount, maxAwaitDurationMs },
});

const asRecord = (
  topic: string,
  { event, metadata = {} }: BulkDelivery['entries'][number],
  now: number,
): DeliveredRecord => {
  // Redis Streams knows no key, but passes on what was given when the event was published.
  const {
    partitionKey,
    __key: key = partitionKey,
    __partition: partition,
    __offset: offset,
    __timestamp: timestamp,
  } = metadata;
  return {
    topic,
    value: Buffer.from(event, 'base64'),
    timestamp: timestamp === undefined ? now : Number(timestamp),
    ...(key !== undefined && { key }),
    ...(partition !== undefined && { partition: Number(partition) }),
    ...(offset !== undefined && { offset: Number(offset) }),
  };
};
