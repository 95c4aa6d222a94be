import { topics } from '../contracts/topics.ts';

/** What the IoT platform's app is told of a projection that has done nothing yet. */
export const idleProjection = {
  projection: { counts: () => ({ applied: 0, ignored: 0, setAside: 0, retried: 0 }), last: () => undefined },
  drift: {
    lostToEmptyStore: () => 0,
    hasCompared: () => true,
    partitions: async () => topics.connectionMandates.partitions,
  },
  names: { stateStoreName: 'statestore', consumerGroup: 'iot-platform-consumer' },
};
