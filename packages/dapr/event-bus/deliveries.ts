import type { Router } from 'express';
import type { GrpcServer } from '../../grpc/server.ts';
import type { BatchHandler, Subscription } from '../../projections/event-bus.ts';
import { createRateLimitedLog } from '../../runtime/rate-limited-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { SidecarAuthentication } from '../sidecar-authentication.ts';
import { createAppCallbacks } from './app-callbacks.ts';
import type { Handler } from './deliver.ts';
import type { DeliveryContext, SubscribedTopic } from './delivery-context.ts';
import { createDeliveryRouter } from './delivery-router.ts';

export type Deliveries = {
  /** Adds a subscription. Call it before the app listens, because the sidecar reads the subscriptions once. @throws Error if the topic has one */
  add(pubsub: string, topic: string, handler: BatchHandler): Subscription;
  /** The subscriptions that the sidecar should have. */
  subscriptions(): readonly SubscribedTopic[];
  /** The routes that a sidecar with app-protocol http calls. */
  router: Router;
  /** The methods that a sidecar with app-protocol grpc calls. */
  callbacks: GrpcServer;
};

/** The subscriptions of a service, and the ways in which its sidecar reads them and delivers. */
export const createDeliveries = (
  authentication: SidecarAuthentication,
  { now, log }: Pick<Runtime, 'now' | 'log'>,
): Deliveries => {
  const byTopic = new Map<string, { pubsub: string; handle: Handler }>();
  const limitedLog = createRateLimitedLog(log);
  const subscriptions = () => [...byTopic].map(([topic, { pubsub }]) => ({ pubsub, topic }));
  const context: DeliveryContext = {
    subscriptions,
    findHandler: (topic) => byTopic.get(topic)?.handle,
    authentication,
    now,
    log,
    logRefusal: (entry) => limitedLog.error(entry, 'delivery cannot be read'),
  };

  return {
    router: createDeliveryRouter(context),
    callbacks: createAppCallbacks(context),
    subscriptions,
    add: (pubsub, topic, handler) => {
      if (byTopic.has(topic)) throw new Error(`${topic} already has a subscription`);
      const inFlight = new Set<Promise<unknown>>();
      let isClosed = false;
      const handle: Handler = async (batch) => {
        if (isClosed) return [];
        const handling = handler(batch).catch(() => []);
        inFlight.add(handling);
        return handling.finally(() => inFlight.delete(handling));
      };
      byTopic.set(topic, { pubsub, handle });
      return {
        close: async () => {
          isClosed = true;
          await Promise.allSettled(inFlight);
        },
      };
    },
  };
};
