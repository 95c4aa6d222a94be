import type { Runtime } from '../../runtime/runtime.ts';
import type { SidecarAuthentication } from '../sidecar-authentication.ts';
import type { Handler } from './deliver.ts';

export type SubscribedTopic = { readonly pubsub: string; readonly topic: string };

/** What the routes and the gRPC methods share. */
export type DeliveryContext = {
  subscriptions(): readonly SubscribedTopic[];
  findHandler(topic: string): Handler | undefined;
  readonly authentication: SidecarAuthentication;
  readonly now: Runtime['now'];
  readonly log: Runtime['log'];
  /** Logs why a delivery is refused, rate-limited. An `err` is logged with its stack. */
  logRefusal(entry: { readonly path: string; readonly status: number; readonly reason: string; err?: Error }): void;
};
