import type { Express } from 'express';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { type Completeness, refusalOf } from '../lib/completeness.ts';
import type { EventBus } from '../lib/event-bus.ts';
import type { StoreContext } from '../lib/generations/stores.ts';
import { type AppContext, httpApp } from '../lib/http/app.ts';
import { healthRoutes } from '../lib/http/health.ts';
import { statusRoutes } from '../lib/http/status.ts';
import type { PartingWatch } from '../lib/parting.ts';
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
    parting: Pick<PartingWatch, 'lostToEmptyStore'>;
  };

export const iotPlatformApp = (context: IotPlatformAppContext): Express => {
  const { bus, store, otherStore, projection, parting } = context;
  const view = openView<Mandate>(mandates, store, { otherStore });
  const routes = {
    ...mandateRoutes(view),
    ...healthRoutes({
      eventBus: () => bus.check(),
      stateStore: () => store.check(),
      view: async () => {
        const completeness = await view.completeness();
        const warning = warningOf(completeness, parting.lostToEmptyStore());
        if (warning) throw new Error(warning);
      },
    }),
    ...statusRoutes(statusSchema, async () => ({
      view: await view.completeness().then(
        (completeness) => ({ ...completeness, warning: warningOf(completeness, parting.lostToEmptyStore()) }),
        (error: Error) => ({ state: 'unknown' as const, reason: error.message }),
      ),
      sinceStart: projection.counts(),
    })),
  };
  return httpApp(routes, { ...context, api, statuses });
};

/** What a person should do about the view, if anything. */
const warningOf = (completeness: Completeness, lostToEmptyStore: number): string | undefined => {
  const refusal = refusalOf(completeness);
  if (refusal) return `${refusal.message} ${refusal.remedy}`;
  if (completeness.state !== 'empty' || lostToEmptyStore === 0) return undefined;
  return (
    `This store was never filled, and the consumer group has read ${lostToEmptyStore} events already: ` +
    'npm run rebuild fills it, and so does another consumer group.'
  );
};
