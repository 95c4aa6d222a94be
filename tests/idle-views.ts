import { topics } from '../contracts/topics.ts';
import { iotPlatformViews } from '../iot-platform/projections.ts';
import { openRegisteredView, type RunningView } from '../packages/platform/running-views.ts';
import type { StoreContext } from '../packages/projections/generations/index.ts';

const idleDrift: RunningView['drift'] = {
  lostToEmptyStore: () => 0,
  hasCompared: () => true,
  partitions: async () => topics.connectionMandates.partitions,
};

/** The views of the IoT platform before their first event, as its app expects them. */
export const createIdleViews = (store: StoreContext['store'], drift: Partial<RunningView['drift']> = {}) => {
  const watched = { ...idleDrift, ...drift };
  return {
    views: iotPlatformViews.map(
      (registered): RunningView => ({
        registered,
        view: openRegisteredView(registered, { store }, watched),
        projection: { counts: () => ({ applied: 0, ignored: 0, setAside: 0, retried: 0 }), last: () => undefined },
        drift: watched,
      }),
    ),
    names: { stateStoreName: 'statestore', consumerGroup: 'iot-platform-consumer' },
  };
};
