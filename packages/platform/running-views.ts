import { type DriftDetection, startDriftDetection } from '../projections/drift/index.ts';
import type { EventBus } from '../projections/event-bus.ts';
import type { StoreContext } from '../projections/generations/index.ts';
import type { LogReader } from '../projections/log-reader.ts';
import { type RunningProjection, startProjections } from '../projections/projection.ts';
import { openView, type View } from '../projections/view.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { checkViews, type RegisteredView, storesOfView } from './views.ts';

/** A view that this instance follows and answers from. */
export type RunningView = {
  readonly registered: RegisteredView;
  readonly view: View<object>;
  readonly projection: Pick<RunningProjection, 'counts' | 'last'>;
  readonly drift: Pick<DriftDetection, 'lostToEmptyStore' | 'hasCompared' | 'partitions'>;
};

export type RunningViews = { readonly views: readonly RunningView[]; close(): Promise<void> };

type ViewsContext = Runtime & StoreContext & { readonly bus: EventBus; readonly topicLog: LogReader };

/** Follows the topics of the views, and compares each view with the log, until it is closed. */
export const startViews = async (
  registered: readonly RegisteredView[],
  context: ViewsContext,
): Promise<RunningViews> => {
  checkViews(registered);
  const stores = registered.map((one) => storesOfView(one, context));
  const followed = registered.map(({ projection }, i) => ({ projection, ...(stores[i] as StoreContext) }));
  const projections = await startProjections(followed, context);
  const views = registered.map((one, i) => {
    const own = stores[i] as StoreContext;
    const projection = projections[i] as RunningProjection;
    const drift = startDriftDetection(one.projection, { ...context, ...own, apply: projection.apply });
    return { registered: one, projection, drift, view: viewOf(one, own, drift) };
  });
  const opened = views.flatMap(({ projection, drift }) => [projection, drift]);
  return { views, close: async () => void (await Promise.all(opened.map((one) => one.close()))) };
};

export const viewOf = (
  { projection }: RegisteredView,
  { store, secondaryStore }: StoreContext,
  { partitions }: Pick<DriftDetection, 'partitions'>,
): View<object> => openView(projection, store, { secondaryStore: secondaryStore, partitions });
