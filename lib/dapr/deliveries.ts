import { isAscii } from 'node:buffer';
import express, { type NextFunction, type Request, type RequestHandler, type Response, type Router } from 'express';
import type { BatchHandler, Subscription, Verdict } from '../event-bus.ts';
import type { World } from '../world.ts';
import { deliveredRecord } from './delivered-record.ts';

export type Deliveries = {
  /** Before the app listens: the sidecar asks for subscriptions once. */
  add(pubsub: string, topic: string, handler: BatchHandler): Subscription;
  /** What the sidecar is asked to subscribe to. */
  subscriptions(): readonly { pubsub: string; topic: string }[];
  router: Router;
};

/** A record without a value has no event. */
type BulkDelivery = { entries: { entryId: string; event?: string | null; metadata?: Record<string, string> }[] };

/** The more events at once, the fewer writes of a key; a component holds as many as its channelBufferSize. */
const maxMessagesCount = 10_000;
const maxAwaitDurationMs = 4;

/** The routes by which the sidecar asks for subscriptions and delivers; `guard` keeps others out. */
export const createDeliveries = (guard: RequestHandler, { now, log }: Pick<World, 'now' | 'log'>): Deliveries => {
  const subscribed = new Map<string, { pubsub: string; deliver: (delivery: BulkDelivery) => Promise<object> }>();
  const subscriptions = () => [...subscribed].map(([topic, { pubsub }]) => ({ pubsub, topic }));
  // As bytes: decoding them whole is faster than piece by piece as they come.
  const bytes = express.raw({ limit: Number.POSITIVE_INFINITY, type: () => true });

  const router = express.Router();
  router.get('/dapr/config', guard, (_req, res) => void res.json({}));
  router.get('/dapr/subscribe', guard, (_req, res) => void res.json(subscriptions().map(asSubscription)));
  router.post('/deliveries/:topic', guard, bytes, async (req, res) => {
    const subscription = subscribed.get(String(req.params.topic));
    const delivery = JSON.parse(textOf(req.body)) as BulkDelivery;
    req.body = undefined; // it is large, and nobody needs it while the store is waited for
    if (subscription) res.json(await subscription.deliver(delivery));
    else res.sendStatus(503); // not 404, which a sidecar takes for "drop it"
  });
  router.use('/deliveries', (error: { status?: number }, _req: Request, res: Response, _next: NextFunction) => {
    log.error({ err: error }, 'delivery cannot be read, it will come again');
    res.sendStatus(error instanceof SyntaxError ? 400 : (error.status ?? 500));
  });

  return {
    router,
    subscriptions,
    add: (pubsub, topic, handler) => {
      const underway = new Set<Promise<unknown>>();
      let closed = false;
      const handle = async ({ entries }: BulkDelivery) => {
        const batch = entries.map(({ event, metadata }) =>
          deliveredRecord(topic, Buffer.from(event ?? '', 'base64'), metadata, now()),
        );
        const ids = entries.map(({ entryId }) => entryId);
        const verdicts = closed ? [] : await handler(batch).catch((): readonly Verdict[] => []);
        return {
          statuses: ids.map((entryId, i) => ({ entryId, status: verdicts[i] === 'done' ? 'SUCCESS' : 'RETRY' })),
        };
      };
      const deliver = (delivery: BulkDelivery) => {
        const handling = handle(delivery);
        underway.add(handling);
        return handling.finally(() => underway.delete(handling));
      };
      subscribed.set(topic, { pubsub, deliver });
      return {
        close: async () => {
          closed = true;
          await Promise.allSettled(underway);
        },
      };
    },
  };
};

/** What is ASCII, as these bodies nearly always are, is decoded four times as fast if one says so. */
const textOf = (bytes: Buffer): string => bytes.toString(isAscii(bytes) ? 'ascii' : 'utf8');

/** Raw, for then the sidecar does not take the event apart only to put it together again. */
const asSubscription = ({ pubsub, topic }: { pubsub: string; topic: string }) => ({
  pubsubname: pubsub,
  topic,
  routes: { default: `/deliveries/${topic}` },
  metadata: { rawPayload: 'true' },
  bulkSubscribe: { enabled: true, maxMessagesCount, maxAwaitDurationMs },
});
