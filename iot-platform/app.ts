import type { Express } from 'express';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import type { EventBus } from '../lib/event-bus.ts';
import type { StoreContext } from '../lib/generations/stores.ts';
import { type AppContext, httpApp } from '../lib/http/app.ts';
import { healthRoutes } from '../lib/http/health.ts';
import { statusRoutes } from '../lib/http/status.ts';
import type { RunningProjection } from '../lib/projection.ts';
import { openView } from '../lib/view.ts';
import type { Mandate } from './mandates/mandate.ts';
import { mandates } from './mandates/materialise.ts';
import { mandateRoutes } from './mandates/routes.ts';
import { statusSchema } from './status.ts';

const statuses = {
  'mandate-unknown': 404,
  'view-incomplete': 503,
  'view-rebuilding': 503,
  'store-unavailable': 503,
  'revision-not-here-yet': 503,
};

const api = {
  title: 'IoT platform',
  description: 'How far the meter on a connection may be read, as the CRM’s events tell it.',
  events: asyncApiDocument,
};

export type IotPlatformAppContext = AppContext &
  StoreContext & {
    bus: EventBus;
    projection: Pick<RunningProjection, 'counts'>;
  };

export const iotPlatformApp = (context: IotPlatformAppContext): Express => {
  const { bus, store, otherStore, projection } = context;
  const view = openView<Mandate>(mandates, store, { otherStore });
  const routes = {
    ...mandateRoutes(view),
    ...healthRoutes({
      eventBus: () => bus.check(),
      stateStore: () => store.check(),
      view: async () => {
        const { state } = await view.completeness();
        if (state === 'rebuilding') throw new Error('the view is being filled from the log, see /status');
        if (state === 'incomplete')
          throw new Error('events are missing from the view, see /status: npm run rebuild mends it');
      },
    }),
    ...statusRoutes(statusSchema, async () => ({
      view: await view.completeness().catch((error: Error) => ({ state: 'unknown' as const, reason: error.message })),
      sinceStart: projection.counts(),
    })),
  };
  return httpApp(routes, { ...context, api, statuses });
};
