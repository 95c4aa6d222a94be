import type { Express, Router } from 'express';
import type { AccessRules } from '../../http/access-rules.ts';
import { createDeliveryApp } from '../../http/delivery-app.ts';
import type { Checks } from '../../http/health.ts';
import { type Http2Connections, listen } from '../../http/listen.ts';
import type { EventBus } from '../../projections/event-bus.ts';
import type { StoreContext } from '../../projections/generations/index.ts';
import type { LogReader } from '../../projections/log-reader.ts';
import type { OperatorLog } from '../../projections/operator-log.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { ServiceAddress } from '../locate-service.ts';
import { openOperations } from '../operations/index.ts';
import { startViews } from '../running-views.ts';
import type { Service } from '../service.ts';
import type { RegisteredView } from '../views.ts';
import type { ViewAppContext } from './app.ts';
import { startAutoRebuild } from './auto-rebuild.ts';

/** What distinguishes one service with views from another. */
type ViewServiceDescription = {
  readonly address: ServiceAddress;
  readonly views: readonly RegisteredView[];
  createApp(context: ViewAppContext): Express;
};

export type ViewServiceConfig = {
  readonly host: string;
  readonly access: AccessRules;
  readonly operatorToken: string | undefined;
  /** The variables by which operations find other services, as commands read them: DATA_DIR and, for example, CRM_URL. */
  readonly addresses: Readonly<Record<string, string | undefined>>;
  /** The port of the REST API. */
  readonly port: number;
  /** The port to which the sidecar delivers. */
  readonly deliveryPort: number;
  readonly stateStoreName: string;
  readonly consumerGroup: string;
  /** Whether the service itself rebuilds a view that is empty or incomplete. */
  readonly autoRebuild: boolean;
};

/** The ports that a service with views listens on, to be checked before it starts. */
export const portsOf = (
  {
    host,
    port,
    deliveryPort,
    dapr,
  }: Pick<ViewServiceConfig, 'host' | 'port' | 'deliveryPort'> & { readonly dapr?: unknown },
  portVariable: string,
) => [
  { host, port, variable: portVariable, hasSidecar: Boolean(dapr) && deliveryPort === port },
  ...(dapr && deliveryPort !== port ? [{ host, port: deliveryPort, variable: 'APP_PORT', hasSidecar: true }] : []),
];

export type ViewServiceContext = Runtime &
  StoreContext & {
    readonly bus: EventBus;
    readonly topicLog: LogReader;
    readonly operatorLog: OperatorLog;
    readonly deliveries?: Router | undefined;
    readonly callbacks?: Http2Connections | undefined;
    readonly checks?: Checks | undefined;
  };

/**
 * Starts a service with views: it follows the topics of its views and answers from the views. The sidecar delivers to a second
 * port, unless both ports in the configuration are the same.
 * @throws ConfigError when a port cannot be used
 */
export const startViewService = async (
  { address: { name, portVariable, urlVariable }, views: registered, createApp }: ViewServiceDescription,
  config: ViewServiceConfig,
  context: ViewServiceContext,
): Promise<Service & { url: string }> => {
  const { log, deliveries, callbacks, topicLog } = context;
  const isOnePort = config.port === config.deliveryPort;
  const running = await startViews(registered, context);
  const { views } = running;
  /** A service explains a key from what it answers itself. */
  const addresses = { ...config.addresses };
  const operations = openOperations({ ...context, views, names: config, addresses });
  const opened: Service[] = [running, operations];
  const close = async () => void (await Promise.all(opened.map((service) => service.close())));
  try {
    const app = createApp({
      ...context,
      views,
      names: config,
      access: config.access,
      operatorToken: config.operatorToken,
      operations: operations.routes,
      deliveries: isOnePort ? deliveries : undefined,
    });
    const rest = await listen(app, { ...config, variable: portVariable }, isOnePort ? callbacks : undefined);
    opened.push(rest);
    addresses[urlVariable] = rest.url;
    if (deliveries && !isOnePort)
      opened.push(
        await listen(
          createDeliveryApp(deliveries, { ...config, log }),
          { ...config, port: config.deliveryPort, variable: 'APP_PORT' },
          callbacks,
        ),
      );
    if (config.autoRebuild)
      for (const view of views) opened.push(startAutoRebuild(view, { ...context, ...config, topicLog }));
    log.debug({ url: rest.url }, `${name} listens`);
    return { url: rest.url, close };
  } catch (error) {
    await close();
    throw error;
  }
};
