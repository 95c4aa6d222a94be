import type { Router } from 'express';
import { serviceLimits } from '../kafka/client.ts';
import { committedOffsets } from '../kafka/consumer-groups.ts';
import { kafkaLogReader } from '../kafka/log-reader.ts';
import { checkTopics } from '../kafka/topics.ts';
import type { EventBus, Topic } from '../projections/event-bus.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { StateStore } from '../projections/state-store.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { rateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sleepUnlessAborted } from '../runtime/sleep.ts';
import { createDeliveries } from './event-bus/deliveries.ts';
import { daprEventBus } from './event-bus/event-bus.ts';
import { connectSidecar, isKafka, type Sidecar } from './sidecar.ts';
import { authenticateSidecar } from './sidecar-authentication.ts';
import { daprStateStore } from './state-store.ts';

const askAgainAfterMs = 500;

export type DaprSettings = {
  readonly sidecarPort: number;
  readonly sidecarToken?: string | undefined;
  /** What the sidecar proves itself with when it calls us. */
  readonly appToken?: string | undefined;
  readonly kafkaBrokers: readonly string[];
};

export type DaprPlatform = {
  /** The group is the one that the component names: Dapr does not tell it. */
  eventBus(pubsub: string, consumerGroup: string): EventBus;
  stateStore(name: string): StateStore;
  /** The log behind the component; without partitions where the broker's records have no place. */
  logReader(pubsub: string): LogReader;
  /** What the sidecar calls; to be served on the app port before that listens. */
  deliveries: Router;
  close(): void;
};

/** Both ports through a sidecar, which may start later. `fail` is told when it is the sidecar of another app. */
export const openDaprPlatform = (
  settings: DaprSettings,
  topics: readonly Topic[],
  { log, now, newId, fail }: Pick<Runtime, 'log' | 'now' | 'newId'> & { fail: (error: ConfigError) => void },
): DaprPlatform => {
  const sidecar = connectSidecar({ port: settings.sidecarPort, token: settings.sidecarToken });
  const closing = new AbortController();
  if (!settings.appToken)
    log.warn(
      'APP_API_TOKEN is not set: every program on this machine may deliver events; the sidecar and this service must share it',
    );
  if (!settings.sidecarToken) log.warn(`DAPR_API_TOKEN is not set: ${whatOpenSidecarMeans}`);
  else
    void isOpenToAll(settings.sidecarPort, closing.signal).then((isOpen) => {
      if (isOpen) log.warn(`The sidecar was started without DAPR_API_TOKEN: ${whatOpenSidecarMeans}`);
    });
  const { kafkaBrokers } = settings;
  const limitedLog = rateLimitedLog(log);
  const guard = authenticateSidecar(settings.appToken, ({ method, socket }) =>
    limitedLog.warn(
      { method, from: socket.remoteAddress },
      'call refused that is not from the sidecar: sidecar and service must have the same APP_API_TOKEN',
    ),
  );
  const advised = new Set<string>();
  /** Once: readiness is asked again and again. */
  const advise = (sentence: string) => {
    if (!advised.has(sentence)) log.warn(sentence);
    advised.add(sentence);
  };
  const deliveries = createDeliveries(guard, { now, log });

  return {
    eventBus: (pubsub, consumerGroup) => {
      void refuseStrangeSidecar(sidecar, pubsub, { signal: closing.signal, fail });
      const bus = daprEventBus(sidecar, pubsub, { topics, deliveries });
      return {
        ...bus,
        check: async () => {
          await bus.check();
          if (await isKafka(sidecar, pubsub))
            for (const advice of await checkTopics(kafkaBrokers, topics)) advise(advice);
        },
        committedOffsets: async (topic) =>
          (await isKafka(sidecar, pubsub))
            ? committedOffsets(kafkaBrokers, consumerGroup, topic, serviceLimits)
            : new Map(),
      };
    },
    logReader: (pubsub) => {
      const log = kafkaLogReader(kafkaBrokers, { newId, limits: serviceLimits });
      return { ...log, offsets: async (topic) => ((await isKafka(sidecar, pubsub)) ? log.offsets(topic) : []) };
    },
    stateStore: (name) => daprStateStore(sidecar, name, newId),
    deliveries: deliveries.router,
    close: () => {
      closing.abort();
      sidecar.close();
    },
  };
};

const whatOpenSidecarMeans =
  'any program on this machine, and any web page that a browser on it shows, can publish forged events through the sidecar; ' +
  'set the same DAPR_API_TOKEN for the sidecar and this service';

/** Whether the sidecar, once it is there, answers a call without a token. */
const isOpenToAll = async (port: number, signal: AbortSignal): Promise<boolean> => {
  const stranger = connectSidecar({ port });
  await stranger.untilReady(signal);
  const held = signal.aborted ? undefined : await stranger.metadata().catch(() => undefined);
  stranger.close();
  return held !== undefined;
};

/** A pubsub component is there from the sidecar's start or never: without it, this is the wrong app-id or folder. */
const refuseStrangeSidecar = async (
  sidecar: Sidecar,
  pubsub: string,
  { signal, fail }: { signal: AbortSignal; fail: (error: ConfigError) => void },
): Promise<void> => {
  await sidecar.untilReady(signal);
  const held = await sidecar.metadata().catch((error: Error) => error);
  if (signal.aborted) return;
  if (held instanceof ConfigError) return fail(held);
  if (held instanceof Error) {
    // It has gone again in the meantime: wait for it once more.
    await sleepUnlessAborted(askAgainAfterMs, signal);
    return refuseStrangeSidecar(sidecar, pubsub, { signal, fail });
  }
  const names = held.components.map(({ name }) => name);
  if (names.includes(pubsub)) return;
  const message =
    `The sidecar with app-id ${held.id} has no component ${pubsub}; it has ${names.join(', ') || 'none'}. ` +
    `Start it under the app-id that the component's scopes name, with --resources-path on its folder.`;
  fail(new ConfigError(message));
};
