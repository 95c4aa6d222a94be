import type { Router } from 'express';
import { createDeliveryApp } from '../packages/http/delivery-app.ts';
import type { Checks } from '../packages/http/health.ts';
import { listen } from '../packages/http/listen.ts';
import { startAutoRebuild } from '../packages/platform/auto-rebuild.ts';
import { startViews } from '../packages/platform/running-views.ts';
import type { Service } from '../packages/platform/service.ts';
import type { RegisteredView } from '../packages/platform/views.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import type { StoreContext } from '../packages/projections/generations/index.ts';
import type { LogReader } from '../packages/projections/log-reader.ts';
import type { Runtime } from '../packages/runtime/runtime.ts';
import { createIotPlatformApp } from './app.ts';
import type { IotPlatformConfig } from './config.ts';
import { iotPlatformViews } from './projections.ts';

type IotPlatformContext = Runtime &
  StoreContext & {
    bus: EventBus;
    topicLog: LogReader;
    deliveries?: Router | undefined;
    checks?: Checks | undefined;
  };

/**
 * Starts the service: it follows the topics of its views and answers from the views. The sidecar delivers to a second
 * port, unless both ports in the configuration are the same.
 * @throws ConfigError when a port cannot be used
 */
export const startIotPlatform = async (
  config: Pick<
    IotPlatformConfig,
    'host' | 'access' | 'port' | 'deliveryPort' | 'stateStoreName' | 'consumerGroup' | 'autoRebuild'
  >,
  context: IotPlatformContext,
  registered: readonly RegisteredView[] = iotPlatformViews,
): Promise<Service & { url: string }> => {
  const { log, deliveries, topicLog } = context;
  const isOnePort = config.port === config.deliveryPort;
  const running = await startViews(registered, context);
  const { views } = running;
  const opened: Service[] = [running];
  const close = async () => void (await Promise.all(opened.map((service) => service.close())));
  try {
    const app = createIotPlatformApp({
      ...context,
      views,
      names: config,
      access: config.access,
      deliveries: isOnePort ? deliveries : undefined,
    });
    const rest = await listen(app, { ...config, variable: 'APP_REST_PORT' });
    opened.push(rest);
    if (deliveries && !isOnePort)
      opened.push(
        await listen(createDeliveryApp(deliveries, { ...config, log }), {
          ...config,
          port: config.deliveryPort,
          variable: 'APP_PORT',
        }),
      );
    if (config.autoRebuild)
      for (const view of views) opened.push(startAutoRebuild(view, { ...context, ...config, topicLog }));
    log.info({ url: rest.url }, 'IoT platform listens');
    return { url: rest.url, close };
  } catch (error) {
    await close();
    throw error;
  }
};
