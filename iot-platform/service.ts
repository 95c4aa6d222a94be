import type { EventBus } from '../lib/event-bus.ts';
import { listen } from '../lib/http/listen.ts';
import { startProjection } from '../lib/projection.ts';
import type { Service } from '../lib/service.ts';
import type { StateStore } from '../lib/state-store.ts';
import type { World } from '../lib/world.ts';
import { iotPlatformApp } from './app.ts';
import type { IotPlatformConfig } from './config.ts';
import { mandates } from './mandates/materialise.ts';

/** Follows the mandates topic and answers from the view. */
export const startIotPlatform = async (
  config: Pick<IotPlatformConfig, 'host' | 'port'>,
  context: World & { bus: EventBus; store: StateStore },
): Promise<Service & { url: string }> => {
  const projection = await startProjection(mandates, context);
  try {
    const server = await listen(iotPlatformApp({ ...context, projection }), { ...config, variable: 'APP_REST_PORT' });
    context.log.info({ url: server.url }, 'IoT platform listens');
    return { url: server.url, close: async () => void (await Promise.all([server.close(), projection.close()])) };
  } catch (error) {
    await projection.close();
    throw error;
  }
};
