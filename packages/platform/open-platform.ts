import { join } from 'node:path';
import type { Router } from 'express';
import { type DaprSettings, openDaprPlatform } from '../dapr/platform.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import type { Http2Connections } from '../http/listen.ts';
import type { EventBus, Topic } from '../projections/event-bus.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { OperatorLog } from '../projections/operator-log.ts';
import type { StateStore } from '../projections/state-store.ts';
import type { ConfigError } from '../runtime/config-error.ts';
import type { Runtime } from '../runtime/runtime.ts';

export type PlatformSettings = {
  /** The folder of the embedded adapters' file. */
  readonly dataDir: string;
  /** Set if the service has a sidecar. */
  readonly dapr?: DaprSettings | undefined;
};

export type Platform = {
  /** `pubsub` is the Dapr component and `consumerGroup` the group in its YAML; the embedded bus uses the group only. */
  eventBus(names: { pubsub: string; consumerGroup: string }): EventBus;
  stateStore(name: string): StateStore;
  /** `pubsub` as for the event bus. The log has no partitions if the broker has no offsets. */
  logReader(names: { pubsub: string }): LogReader;
  operatorLog(): OperatorLog;
  /** The routes that a sidecar calls, to mount on the app port. */
  deliveries?: Router;
  /** The server of gRPC calls of a sidecar, for the same port. */
  callbacks?: Http2Connections;
  close(): void;
};

/** Opens the adapters on a Dapr sidecar if `dapr` is set, otherwise the embedded adapters. */
export const openPlatform = (
  { dataDir, dapr }: PlatformSettings,
  topics: readonly Topic[],
  runtime: Runtime & { fail: (error: ConfigError) => void },
): Platform => {
  if (dapr) {
    const { eventBus, logReader, ...platform } = openDaprPlatform(dapr, topics, runtime);
    return {
      ...platform,
      eventBus: ({ pubsub, consumerGroup }) => eventBus(pubsub, consumerGroup),
      logReader: ({ pubsub }) => logReader(pubsub),
    };
  }
  const { eventBus, ...platform } = openEmbeddedPlatform(join(dataDir, 'platform.sqlite'), topics, runtime);
  return { ...platform, eventBus: ({ consumerGroup }) => eventBus(consumerGroup) };
};
