import { topics } from '../contracts/topics.ts';
import { iotPlatformViews } from '../iot-platform/projections.ts';
import { openRegisteredView, type RunningView } from '../packages/platform/running-views.ts';
import { openViewStores, type RegisteredView } from '../packages/platform/views.ts';
import type { StoreContext } from '../packages/projections/generations/index.ts';

const idleDrift: RunningView['drift'] = {
  lostToEmptyStore: () => 0,
  hasCompared: () => true,
  partitions: async () => topics.connectionMandates.partitions,
};

/** The views of a service before their first event, as its app expects them. Default: those of the IoT platform. */
export const createIdleViews = (
  store: StoreContext['store'],
  drift: Partial<RunningView['drift']> = {},
  registeredViews: readonly RegisteredView[] = iotPlatformViews,
) => {
  const watched = { ...idleDrift, ...drift };
  return {
    views: registeredViews.map(
      (registered): RunningView => ({
        registered,
        view: openRegisteredView(registered, openViewStores(registered, { store }), watched),
        projection: { counts: () => ({ applied: 0, ignored: 0, setAside: 0, retried: 0 }), last: () => undefined },
        drift: watched,
      }),
    ),
    names: { stateStoreName: 'statestore', consumerGroup: 'iot-platform-consumer' },
  };
};
