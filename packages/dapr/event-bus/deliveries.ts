import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import type { BatchHandler, DeliveredRecord, Subscription, Verdict } from '../../projections/event-bus.ts';
import { rateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { deliveredRecord } from './delivered-record.ts';
import { MalformedDelivery, readDelivery } from './read-delivery.ts';

export type Deliveries = {
  /** Before the app listens: the sidecar asks for subscriptions once. @throws Error for a topic that has a subscription */
  add(pubsub: string, topic: string, handler: BatchHandler): Subscription;
  /** What the sidecar is asked to subscribe to. */
  subscriptions(): readonly { pubsub: string; topic: string }[];
  router: Router;
};

/** The more events at once, the fewer writes of a key; a component holds as many as its channelBufferSize. */
const maxMessagesCount = 10_000;
const maxAwaitDurationMs = 4;
/** A delivery with more than this is handed on in several batches, one after the other. */
const maxBatchBytes = 8 * 1024 * 1024;

type Status = { readonly entryId: string; readonly status: 'SUCCESS' | 'RETRY' };

/** The routes by which the sidecar asks for subscriptions and delivers; `guard` keeps others out. */
export const createDeliveries = (guard: RequestHandler, { now, log }: Pick<Runtime, 'now' | 'log'>): Deliveries => {
  const subscribed = new Map<string, { pubsub: string; deliver: (body: AsyncIterable<Buffer>) => Promise<Status[]> }>();
  const subscriptions = () => [...subscribed].map(([topic, { pubsub }]) => ({ pubsub, topic }));
  const limitedLog = rateLimitedLog(log);

  const router = Router();
  router.get('/dapr/config', guard, (_req, res) => void res.json({}));
  router.get('/dapr/subscribe', guard, (_req, res) => void res.json(subscriptions().map(asSubscription)));
  router.post('/deliveries/:topic', guard, async (req, res) => {
    const subscription = subscribed.get(String(req.params.topic));
    // Not 404, which a sidecar takes for "drop it".
    if (!subscription) return refuse(res, 503);
    // Nothing is inflated: a few bytes could become any number.
    if ((req.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity') return refuse(res, 415);
    // The stream is left open, for the answer to one that cannot be read goes out on the same connection.
    const statuses = await subscription.deliver(req.iterator({ destroyOnReturn: false }));
    res.json({ statuses });
  });
  router.use('/deliveries', (error: Error, req: Request, res: Response, _next: NextFunction) => {
    if (req.destroyed && !req.complete) return void log.debug({ reason: error.message }, 'delivery broken off');
    const status = error instanceof MalformedDelivery ? error.status : ((error as { status?: number }).status ?? 500);
    const entry = { path: req.path, status, reason: error.message, ...(status === 500 && { err: error }) };
    limitedLog.error(entry, 'delivery cannot be read');
    refuse(res, status);
  });

  return {
    router,
    subscriptions,
    add: (pubsub, topic, handler) => {
      if (subscribed.has(topic)) throw new Error(`${topic} has a subscription already`);
      const underway = new Set<Promise<unknown>>();
      let closed = false;
      const handle = async (batch: readonly DeliveredRecord[]): Promise<readonly Verdict[]> => {
        if (closed) return [];
        const handling = handler(batch).catch((): readonly Verdict[] => []);
        underway.add(handling);
        return handling.finally(() => underway.delete(handling));
      };
      subscribed.set(topic, { pubsub, deliver: (body) => deliver({ topic, handle, now }, body) });
      return {
        close: async () => {
          closed = true;
          await Promise.allSettled(underway);
        },
      };
    },
  };
};

type Subscribed = { topic: string; handle: (batch: readonly DeliveredRecord[]) => Promise<readonly Verdict[]> };

/** Hands the records on. Behind a batch that is to come again, so are all others: the sidecar repeats the whole delivery. */
const deliver = async (
  { topic, handle, now }: Subscribed & Pick<Runtime, 'now'>,
  body: AsyncIterable<Buffer>,
): Promise<Status[]> => {
  const statuses: Status[] = [];
  let batch: DeliveredRecord[] = [];
  let ids: string[] = [];
  let bytes = 0;
  let isRefused = false;
  const handOn = async () => {
    const verdicts = isRefused || batch.length === 0 ? [] : await handle(batch);
    for (const [i, entryId] of ids.entries())
      statuses.push({ entryId, status: verdicts[i] === 'done' ? 'SUCCESS' : 'RETRY' });
    isRefused ||= batch.some((_, i) => verdicts[i] !== 'done');
    [batch, ids, bytes] = [[], [], 0];
  };
  for await (const entries of readDelivery(body, topic)) {
    for (const { entryId, value, metadata } of entries) {
      batch.push(deliveredRecord(topic, value, metadata, now()));
      ids.push(entryId);
      bytes += value.length;
    }
    if (bytes >= maxBatchBytes) await handOn();
  }
  await handOn();
  return statuses;
};

/** What is left of the body is not read. */
const refuse = (res: Response, status: number): void => void res.set('Connection', 'close').sendStatus(status);

/** Raw, for then the sidecar does not take the event apart only to put it together again. */
const asSubscription = ({ pubsub, topic }: { pubsub: string; topic: string }) => ({
  pubsubname: pubsub,
  topic,
  routes: { default: `/deliveries/${topic}` },
  metadata: { rawPayload: 'true' },
  bulkSubscribe: { enabled: true, maxMessagesCount, maxAwaitDurationMs },
});
