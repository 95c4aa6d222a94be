import type { Express } from 'express';
import type { EventBus } from '../lib/event-bus.ts';
import { type HttpContext, httpApp } from '../lib/http/app.ts';
import { healthRoutes } from '../lib/http/health.ts';
import type { RunningProjection } from '../lib/projection.ts';
import type { StateStore } from '../lib/state-store.ts';
import { openView } from '../lib/view.ts';
import type { Mandate } from './mandates/mandate.ts';
import { mandates } from './mandates/materialise.ts';
import { mandateRoutes } from './mandates/routes.ts';

const statuses = {
  'mandate-unknown': 404,
  'view-incomplete': 503,
  'store-unavailable': 503,
  'revision-not-here-yet': 503,
};

export type IotPlatformAppContext = Omit<HttpContext, 'statuses'> & {
  bus: EventBus;
  store: StateStore;
  projection: Pick<RunningProjection, 'counts'>;
};

export const iotPlatformApp = (context: IotPlatformAppContext): Express => {
  const { bus, store, projection } = context;
  const view = openView<Mandate>(mandates, store);
  const routes = {
    ...mandateRoutes(view),
    ...healthRoutes({
      eventBus: () => bus.check(),
      stateStore: () => store.check(),
      view: async () => {
        const { state } = await view.completeness();
        if (state === 'incomplete')
          throw new Error('events are missing from the view, see /status: rebuild it from the log');
      },
    }),
    '/status': {
      get: async (_req: unknown, res: { json(body: object): void }) =>
        res.json({
          view: await view.completeness().catch((error: Error) => ({ state: 'unknown', reason: error.message })),
          sinceStart: projection.counts(),
        }),
    },
  };
  return httpApp(routes, { ...context, statuses });
};
