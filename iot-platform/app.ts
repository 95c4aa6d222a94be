import type { Express } from 'express';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { type AppContext, httpApp } from '../packages/http/app.ts';
import { type Checks, healthRoutes } from '../packages/http/health.ts';
import { statusRoutes } from '../packages/http/status.ts';
import type { StoreContext } from '../packages/projections/generations/index.ts';
import { openView } from '../packages/projections/view.ts';
import type { Mandate } from './mandates/mandate.ts';
import { mandates } from './mandates/materialise.ts';
import { mandateRoutes } from './mandates/routes.ts';
import { readStatus, type StatusSources, warningOf } from './read-status.ts';
import { statusSchema } from './status.ts';

const statuses = {
  'mandate-unknown': 404,
  'view-incomplete': 503,
  'view-rebuilding': 503,
  'store-unavailable': 503,
  'revision-not-here-yet': 503,
  'record-dead-lettered': 503,
  'log-unavailable': 503,
};

const api = {
  title: 'IoT platform',
  description: 'How far the meter on a connection may be read, as the CRM’s events tell it.',
  events: asyncApiDocument,
};

export type IotPlatformAppContext = AppContext &
  StoreContext &
  Omit<StatusSources, 'view'> & {
    /** Of what this deployment depends on, beside the checks of the app itself. */
    readonly checks?: Checks | undefined;
  };

export const iotPlatformApp = (context: IotPlatformAppContext): Express => {
  const { bus, store, otherStore, drift } = context;
  const view = openView<Mandate>(mandates, store, { otherStore, partitions: drift.partitions });
  const routes = {
    ...mandateRoutes(view),
    ...healthRoutes(
      {
        eventBus: () => bus.check(),
        stateStore: () => store.check(),
        view: async () => {
          const completeness = await view.completeness();
          const warning = warningOf(completeness, context);
          if (warning) throw new Error(warning);
          if (!drift.hasCompared()) throw new Error('View and log have not been compared since the start.');
        },
        ...context.checks,
      },
      // They concern single connections, so the service is ready all the same.
      async () => {
        const { deadLetters } = await view.completeness();
        return deadLetters ? { deadLetters } : {};
      },
    ),
    ...statusRoutes(statusSchema, () => readStatus({ ...context, view })),
  };
  return httpApp(routes, { ...context, api, statuses });
};
