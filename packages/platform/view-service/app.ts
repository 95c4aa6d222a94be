import type { Express } from 'express';
import { type AppContext, createHttpApp, type HttpContext } from '../../http/app.ts';
import { type Checks, healthRoutes } from '../../http/health.ts';
import type { Routes } from '../../http/operation.ts';
import { statusRoutes } from '../../http/status.ts';
import type { EventBus } from '../../projections/event-bus.ts';
import type { StateStore } from '../../projections/state-store.ts';
import { createViewQuerySchema, findView, operationStatuses } from '../operations/index.ts';
import type { RunningView } from '../running-views.ts';
import { statusSchema } from '../view-status.ts';
import { describeWarning, readStatus, type StatusSources } from './read-status.ts';

export type ViewAppContext = AppContext &
  StatusSources & {
    readonly bus: Pick<EventBus, 'check'>;
    readonly store: Pick<StateStore, 'check'>;
    /** At least one view. */
    readonly views: readonly RunningView[];
    /** The routes of an operator. */
    readonly operations?: Routes;
    /** Checks of what this deployment depends on, in addition to those of the app itself. */
    readonly checks?: Checks | undefined;
  };

/** The REST API of a service with views: `routes` and those of its views, `/healthz`, `/readyz`, `/status` and the API description. */
export const createViewApp = (
  context: ViewAppContext,
  { routes: ownRoutes = {}, ...description }: Pick<HttpContext, 'api' | 'statuses'> & { readonly routes?: Routes },
): Express => {
  const { bus, store, views, checks, operations = {} } = context;
  const viewRoutes = views.map(({ registered, view }) => registered.routes?.(view) ?? {});
  const viewChecks = views.map((one) => [nameOfCheck(one, views), () => checkView(one)] as const);
  const routes = {
    ...Object.assign({}, ...viewRoutes),
    ...ownRoutes,
    ...operations,
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
  const statuses = { ...operationStatuses, ...description.statuses };
  return createHttpApp(routes, { ...context, ...description, statuses });
};

/** The status of each view, by name. */
export const readStatuses = async (context: Pick<ViewAppContext, 'views'> & StatusSources) =>
  Object.fromEntries(
    await Promise.all(context.views.map(async (one) => [nameOf(one), await readStatus(one, context)] as const)),
  );

const nameOf = ({ registered }: RunningView) => registered.projection.name;

/** The name of a view's readiness check. A single view keeps the name `view`, which monitoring may already use. */
const nameOfCheck = (one: RunningView, { length }: readonly RunningView[]) =>
  length === 1 ? 'view' : `view:${nameOf(one)}`;

const checkView = async (running: RunningView) => {
  const { view, drift } = running;
  const warning = describeWarning(await view.completeness(), running);
  if (warning) throw new Error(warning);
  if (!drift.hasCompared()) throw new Error('The view has not been compared with the log since the start.');
};
