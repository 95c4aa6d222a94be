import { type NextFunction, type Request, type Response, Router } from 'express';
import { type DeliveredRecord, replayOfHeader } from '../../projections/event-bus.ts';
import { deliver, type Piece } from './deliver.ts';
import { createDeliveredRecord, type RecordMetadata } from './delivered-record.ts';
import type { DeliveryContext } from './delivery-context.ts';
import { MalformedDelivery, readDelivery } from './read-delivery.ts';
import { describeSubscription, routeOf } from './subscription-routes.ts';

/** The routes of a sidecar with app-protocol http. */
export const createDeliveryRouter = (context: DeliveryContext): Router => {
  const authenticate = context.authentication.http;
  const router = Router();
  router.get('/dapr/config', authenticate, (_req, res) => void res.json({}));
  router.get(
    '/dapr/subscribe',
    authenticate,
    (_req, res) => void res.json(context.subscriptions().map(describeSubscription)),
  );
  router.post(routeOf(':topic'), authenticate, async (req, res) => {
    const topic = String(req.params.topic);
    // Not 404: a sidecar drops an event that is answered with 404.
    if (!context.findHandler(topic)) return refuse(res, 503);
    // No decompression: a small body could expand without limit.
    if ((req.get('content-encoding') ?? 'identity').toLowerCase() !== 'identity') return refuse(res, 415);
    // Keep the stream open: the response to a malformed body uses the same connection.
    const pieces = readPieces(req.iterator({ destroyOnReturn: false }), topic, context);
    const { entryIds, isDone } = await deliver(pieces, context.findHandler);
    res.json({ statuses: entryIds.map((entryId, n) => ({ entryId, status: isDone[n] ? 'SUCCESS' : 'RETRY' })) });
  });
  router.use(routeOf(''), (error: Error, req: Request, res: Response, _next: NextFunction) => {
    if (req.destroyed && !req.complete) return void context.log.debug({ reason: error.message }, 'delivery aborted');
    const status = error instanceof MalformedDelivery ? error.status : ((error as { status?: number }).status ?? 500);
    context.logRefusal({ path: req.path, status, reason: error.message, ...(status === 500 && { err: error }) });
    refuse(res, status);
  });
  return router;
};

async function* readPieces(
  body: AsyncIterable<Buffer>,
  topic: string,
  { now }: Pick<DeliveryContext, 'now'>,
): AsyncGenerator<Piece> {
  for await (const entries of readDelivery(body, topic)) {
    const [entryIds, records]: [string[], DeliveredRecord[]] = [[], []];
    for (const { entryId, value, metadata } of entries) {
      entryIds.push(entryId);
      records.push(createDeliveredRecord(topic, value, now(), selectMetadata(metadata)));
    }
    yield { topic, entryIds, records };
  }
}

const selectMetadata = (metadata: Readonly<Record<string, string>> = {}): RecordMetadata => ({
  key: metadata.__key,
  partitionKey: metadata.partitionKey,
  partition: wholeNumber(metadata.__partition),
  offset: wholeNumber(metadata.__offset),
  timestamp: wholeNumber(metadata.__timestamp),
  replayOf: metadata[replayOfHeader],
});

const wholeNumber = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/** Closes the connection, so that the rest of the body is not read. */
const refuse = (res: Response, status: number): void => void res.set('Connection', 'close').sendStatus(status);
