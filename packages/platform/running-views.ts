import { type DriftDetection, startDriftDetection } from '../projections/drift/index.ts';
import type { EventBus } from '../projections/event-bus.ts';
import type { StoreContext } from '../projections/generations/index.ts';
import { createKeyWrites, type KeyWrites } from '../projections/key-writes.ts';
import type { LogReader } from '../projections/log-reader.ts';
import { type RunningProjection, startProjections } from '../projections/projection.ts';
import { openView, type View } from '../projections/view.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { checkViews, openViewStores, type RegisteredView } from './views.ts';

/** A view that this instance keeps up to date and serves. */
export type RunningView = {
  readonly registered: RegisteredView;
  readonly view: View<object>;
  readonly projection: Pick<RunningProjection, 'counts' | 'last'>;
  readonly drift: Pick<DriftDetection, 'lostToEmptyStore' | 'hasCompared' | 'partitions'>;
};

export type RunningViews = { readonly views: readonly RunningView[]; close(): Promise<void> };

type ViewsContext = Runtime & StoreContext & { readonly bus: EventBus; readonly topicLog: LogReader };

/**
 * Consumes the topics of the views and detects drift between each view and its log, until it is closed.
 * @throws Error if two views share a name or keys, or a topic cannot be subscribed
 */
export const startViews = async (
  registered: readonly RegisteredView[],
  context: ViewsContext,
): Promise<RunningViews> => {
  checkViews(registered);
  const stores = registered.map((registration) => openViewStores(registration, context));
  const followed = registered.map(({ projection }, i) => ({
    projection,
    writes: createKeyWrites(),
    ...(stores[i] as StoreContext),
  }));
  const projections = await startProjections(followed, context);
  const views = registered.map((one, i) => {
    const viewStores = stores[i] as StoreContext;
    const projection = projections[i] as RunningProjection;
    const drift = startDriftDetection(one.projection, { ...context, ...viewStores, apply: projection.apply });
    return {
      registered: one,
      projection,
      drift,
      view: openRegisteredView(one, viewStores, { ...drift, writes: followed[i]?.writes }),
    };
  });
  const opened = views.flatMap(({ projection, drift }) => [projection, drift]);
  return { views, close: async () => void (await Promise.all(opened.map((one) => one.close()))) };
};

/** Opens the reading side of a view. `partitions` supplies the number of partitions at the broker. */
export const openRegisteredView = (
  { projection }: RegisteredView,
  { store, secondaryStore }: StoreContext,
  options: Pick<DriftDetection, 'partitions' | 'lostToEmptyStore'> & { readonly writes?: KeyWrites | undefined },
): View<object> => openView(projection, store, { secondaryStore, ...options });
