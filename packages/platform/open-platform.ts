import { join } from 'node:path';
import type { Router } from 'express';
import { type DaprSettings, openDaprPlatform } from '../dapr/platform.ts';
import { openEmbeddedPlatform } from '../embedded/platform.ts';
import type { EventBus, Topic } from '../projections/event-bus.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { StateStore } from '../projections/state-store.ts';
import type { ConfigError } from '../runtime/config-error.ts';
import type { Runtime } from '../runtime/runtime.ts';

export type PlatformSettings = {
  /** Where the embedded adapters keep their file. */
  readonly dataDir: string;
  /** There when a sidecar is. */
  readonly dapr?: DaprSettings | undefined;
};

export type Platform = {
  /** `pubsub` names the Dapr component, whose consumer group is to be given as well; the embedded bus needs that alone. */
  eventBus(names: { pubsub: string; consumerGroup: string }): EventBus;
  stateStore(name: string): StateStore;
  /** `pubsub` as for the event bus. Without partitions where the broker's records have no place. */
  logReader(names: { pubsub: string }): LogReader;
  /** What a sidecar calls, to be served on the app port. */
  deliveries?: Router;
  close(): void;
};

/** The ports through a Dapr sidecar where there is one, on the embedded adapters otherwise. */
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
