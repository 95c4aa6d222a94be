import { createCustomerViewApp } from '../../customer-view/app.ts';
import { customerViews } from '../../customer-view/projections.ts';
import { openEmbeddedPlatform } from '../../packages/embedded/platform.ts';
import { listen } from '../../packages/http/listen.ts';
import { createIdleViews } from '../../tests/idle-views.ts';
import { runtime } from './apply-records.ts';
import type { openViews } from './databases.ts';

/** Serves the routes of the customer-view on a filled database, without a log to follow. */
export const serveViews = async ({ db, store }: Awaited<ReturnType<typeof openViews>>) => {
  const platform = openEmbeddedPlatform(':memory:', []);
  const app = createCustomerViewApp({
    ...runtime,
    ...createIdleViews(store, {}, customerViews),
    bus: platform.eventBus('bench'),
    store,
    db,
    instances: { instanceId: 'bench', list: async () => [] },
  });
  const server = await listen(app, { host: '127.0.0.1', port: 0, variable: 'CUSTOMER_VIEW_PORT' });
  return { url: server.url, close: () => server.close().then(platform.close) };
};
