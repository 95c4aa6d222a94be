import type { Express } from 'express';
import { z } from 'zod';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { type AppContext, createHttpApp } from '../packages/http/app.ts';
import { type Checks, healthRoutes } from '../packages/http/health.ts';
import { statusRoutes } from '../packages/http/status.ts';
import { describeWarning, readStatus, type StatusSources } from '../packages/platform/read-status.ts';
import type { RunningView } from '../packages/platform/running-views.ts';
import { statusSchema } from '../packages/platform/view-status.ts';
import type { EventBus } from '../packages/projections/event-bus.ts';
import type { StateStore } from '../packages/projections/state-store.ts';

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
  description: 'How far the meter on a connection may be read, according to the events of the CRM.',
  events: asyncApiDocument,
};

export type IotPlatformAppContext = AppContext &
  StatusSources & {
    readonly bus: Pick<EventBus, 'check'>;
    readonly store: Pick<StateStore, 'check'>;
    /** At least one view. */
    readonly views: readonly RunningView[];
    /** Checks of what this deployment depends on, in addition to those of the app itself. */
    readonly checks?: Checks | undefined;
  };

/** The REST API of the service: the routes of its views, `/healthz`, `/readyz`, `/status` and the API description. */
export const createIotPlatformApp = (context: IotPlatformAppContext): Express => {
  const { bus, store, views, checks } = context;
  const viewRoutes = views.map(({ registered, view }) => registered.routes?.(view) ?? {});
  const viewChecks = views.map((one) => [nameOfCheck(one, views), () => checkView(one)] as const);
  const routes = {
    ...Object.assign({}, ...viewRoutes),
    ...healthRoutes(
      {
        eventBus: () => bus.check(),
        stateStore: () => store.check(),
        ...Object.fromEntries(viewChecks),
        ...checks,
      },
      // A dead letter makes only its own document refuse, so the service is still ready.
      async () => {
        const all = await Promise.all(views.map(({ view }) => view.completeness()));
        const deadLetters = all.reduce((sum, one) => sum + (one.deadLetters ?? 0), 0);
        return deadLetters ? { deadLetters } : {};
      },
    ),
    ...statusRoutes(
      statusSchema,
      ({ view }) => readStatus(findView(view, views), context),
      createViewQuerySchema(views),
    ),
  };
  return createHttpApp(routes, { ...context, api, statuses });
};

const nameOf = ({ registered }: RunningView) => registered.projection.name;

/** The name of a view's readiness check. A single view keeps the name `view`, which monitoring may already use. */
const nameOfCheck = (one: RunningView, { length }: readonly RunningView[]) =>
  length === 1 ? 'view' : `view:${nameOf(one)}`;

const checkView = async ({ view, drift }: RunningView) => {
  const warning = describeWarning(await view.completeness(), drift);
  if (warning) throw new Error(warning);
  if (!drift.hasCompared()) throw new Error('The view has not been compared with the log since the start.');
};

/** The query parameter that selects a view; optional where there is only one. */
const createViewQuerySchema = (views: readonly RunningView[]) => {
  const names = views.map(nameOf);
  const name = z.enum(names, `one of ${names.join(', ')}`).meta({ description: 'The name of the view.' });
  return z.object({ view: views.length === 1 ? name.default(String(names[0])) : name });
};

const findView = (name: string, views: readonly RunningView[]) =>
  views.find((one) => nameOf(one) === name) as RunningView;
