import type { Router } from 'express';
import { deliveryApp } from '../packages/http/delivery-app.ts';
import type { Checks } from '../packages/http/health.ts';
import { listen } from '../packages/http/listen.ts';
import type { Service } from '../packages/platform/service.ts';
import { watchDrift } from '../packages/projections/drift/index.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import type { StoreContext } from '../packages/projections/generations/index.ts';
import type { LogReader } from '../packages/projections/log-reader.ts';
import { startProjection } from '../packages/projections/projection.ts';
import type { World } from '../packages/runtime/world.ts';
import { iotPlatformApp } from './app.ts';
import { startAutoRebuild } from './auto-rebuild.ts';
import type { IotPlatformConfig } from './config.ts';
import { mandates } from './mandates/materialise.ts';

type IotPlatformContext = World &
  StoreContext & {
    bus: EventBus;
    topicLog: LogReader;
    deliveries?: Router | undefined;
    checks?: Checks | undefined;
  };

/**
 * Follows the mandates topic and answers from the view. A sidecar delivers on a port of its own, unless the lab gave us
 * one port for both.
 */
export const startIotPlatform = async (
  config: Pick<
    IotPlatformConfig,
    'host' | 'access' | 'port' | 'deliveryPort' | 'stateStoreName' | 'consumerGroup' | 'autoRebuild'
  >,
  context: IotPlatformContext,
): Promise<Service & { url: string }> => {
  const { log, deliveries, topicLog } = context;
  const projection = await startProjection(mandates, context);
  const onePort = config.port === config.deliveryPort;
  const drift = watchDrift(mandates, { ...context, apply: projection.apply });
  const opened: Service[] = [projection, drift];
  const close = async () => void (await Promise.all(opened.map((service) => service.close())));
  try {
    const app = iotPlatformApp({
      ...context,
      projection,
      drift,
      names: config,
      access: config.access,
      deliveries: onePort ? deliveries : undefined,
    });
    const rest = await listen(app, { ...config, variable: 'APP_REST_PORT' });
    opened.push(rest);
    if (deliveries && !onePort)
      opened.push(
        await listen(deliveryApp(deliveries, { ...config, log }), {
          ...config,
          port: config.deliveryPort,
          variable: 'APP_PORT',
        }),
      );
    if (config.autoRebuild) opened.push(startAutoRebuild({ ...context, ...config, topicLog, drift }));
    log.info({ url: rest.url }, 'IoT platform listens');
    return { url: rest.url, close };
  } catch (error) {
    await close();
    throw error;
  }
};
