import { type NextFunction, type Request, type RequestHandler, type Response, Router } from 'express';
import type { BatchHandler, DeliveredRecord, Subscription, Verdict } from '../../projections/event-bus.ts';
import { createRateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import { createDeliveredRecord } from './delivered-record.ts';
import { MalformedDelivery, readDelivery } from './read-delivery.ts';

export type Deliveries = {
  /** Adds a subscription. Call it before the app listens, because the sidecar reads the subscriptions once. @throws Error if the topic has one */
  add(pubsub: string, topic: string, handler: BatchHandler): Subscription;
  /** The subscriptions that the sidecar should have. */
  subscriptions(): readonly { pubsub: string; topic: string }[];
  router: Router;
};

/** Larger batches need fewer writes per key. The component's channelBufferSize limits them as well. */
const maxMessagesCount = 10_000;
const maxAwaitDurationMs = 4;
/** A larger delivery reaches the handler in several batches, one after the other. */
const maxBatchBytes = 8 * 1024 * 1024;

type Status = { readonly entryId: string; readonly status: 'SUCCESS' | 'RETRY' };

/** The routes that the sidecar calls to read subscriptions and to deliver; `authenticate` rejects other callers. */
export const createDeliveries = (
  authenticate: RequestHandler,
  { now, log }: Pick<Runtime, 'now' | 'log'>,
): Deliveries => {
  const byTopic = new Map<string, { pubsub: string; deliver: (body: AsyncIterable<Buffer>) => Promise<Status[]> }>();
  const subscriptions = () => [...byTopic].map(([topic, { pubsub }]) => ({ pubsub, topic }));
  const limitedLog = createRateLimitedLog(log);

  const router = Router();
  router.get('/dapr/config', authenticate, (_req, res) => void res.json({}));
  router.get('/dapr/subscribe', authenticate, (_req, res) => void res.json(subscriptions().map(describeSubscription)));
  router.post('/deliveries/:topic', authenticate, async (req, res) => {
    const subscription = byTopic.get(String(req.params.topic));
    // Not 404: a sidecar drops an event that is answered with 404.
    if (!subscription) return refuse(res, 503);
    // No decompression: a small body could expand without limit.
    if ((req.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity') return refuse(res, 415);
    // Keep the stream open: the response to a malformed body uses the same connection.
    const statuses = await subscription.deliver(req.iterator({ destroyOnReturn: false }));
    res.json({ statuses });
  });
  router.use('/deliveries', (error: Error, req: Request, res: Response, _next: NextFunction) => {
    if (req.destroyed && !req.complete) return void log.debug({ reason: error.message }, 'delivery aborted');
    const status = error instanceof MalformedDelivery ? error.status : ((error as { status?: number }).status ?? 500);
    const entry = { path: req.path, status, reason: error.message, ...(status === 500 && { err: error }) };
    limitedLog.error(entry, 'delivery cannot be read');
    refuse(res, status);
  });

  return {
    router,
    subscriptions,
    add: (pubsub, topic, handler) => {
      if (byTopic.has(topic)) throw new Error(`${topic} already has a subscription`);
      const inFlight = new Set<Promise<unknown>>();
      let isClosed = false;
      const handle = async (batch: readonly DeliveredRecord[]): Promise<readonly Verdict[]> => {
        if (isClosed) return [];
        const handling = handler(batch).catch((): readonly Verdict[] => []);
        inFlight.add(handling);
        return handling.finally(() => inFlight.delete(handling));
      };
      byTopic.set(topic, { pubsub, deliver: (body) => deliver({ topic, handle, now }, body) });
      return {
        close: async () => {
          isClosed = true;
          await Promise.allSettled(inFlight);
        },
      };
    },
  };
};

type TopicSubscription = { topic: string; handle: (batch: readonly DeliveredRecord[]) => Promise<readonly Verdict[]> };

/** Passes the records to the handler. After a batch with a retry all later entries are RETRY: the sidecar repeats the whole delivery. */
const deliver = async (
  { topic, handle, now }: TopicSubscription & Pick<Runtime, 'now'>,
  body: AsyncIterable<Buffer>,
): Promise<Status[]> => {
  const statuses: Status[] = [];
  let batch: DeliveredRecord[] = [];
  let ids: string[] = [];
  let bytes = 0;
  let hasRetry = false;
  const handleBatch = async () => {
    const verdicts = hasRetry || batch.length === 0 ? [] : await handle(batch);
    for (const [i, entryId] of ids.entries())
      statuses.push({ entryId, status: verdicts[i] === 'done' ? 'SUCCESS' : 'RETRY' });
    hasRetry ||= batch.some((_, i) => verdicts[i] !== 'done');
    [batch, ids, bytes] = [[], [], 0];
  };
  for await (const entries of readDelivery(body, topic)) {
    for (const { entryId, value, metadata } of entries) {
      batch.push(createDeliveredRecord(topic, value, metadata, now()));
      ids.push(entryId);
      bytes += value.length;
    }
    if (bytes >= maxBatchBytes) await handleBatch();
  }
  await handleBatch();
  return statuses;
};

/** Closes the connection, so that the rest of the body is not read. */
const refuse = (res: Response, status: number): void => void res.set('Connection', 'close').sendStatus(status);

/** The payload is raw, so that the sidecar does not parse and serialise every event. */
const describeSubscription = ({ pubsub, topic }: { pubsub: string; topic: string }) => ({
  pubsubname: pubsub,
  topic,
  routes: { default: `/deliveries/${topic}` },
  metadata: { rawPayload: 'true' },
  bulkSubscribe: { enabled: true, maxMessagesCount, maxAwaitDurationMs },
});
