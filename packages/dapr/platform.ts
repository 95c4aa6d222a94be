import type { Router } from 'express';
import type { GrpcServer } from '../grpc/server.ts';
import { appendCopies } from '../kafka/append.ts';
import { serviceLimits } from '../kafka/client.ts';
import { fetchCommittedOffsets, fetchGroupMembers } from '../kafka/consumer-groups.ts';
import { followKafkaLog } from '../kafka/follow-log.ts';
import { createKafkaLogReader } from '../kafka/log-reader.ts';
import { createSharedAdmin } from '../kafka/shared-admin.ts';
import { checkTopics } from '../kafka/topics.ts';
import type { EventBus, Topic } from '../projections/event-bus.ts';
import type { LogReader } from '../projections/log-reader.ts';
import type { OperatorLog } from '../projections/operator-log.ts';
import type { StateStore } from '../projections/state-store.ts';
import { ConfigError } from '../runtime/config-error.ts';
import { createRateLimitedLog } from '../runtime/rate-limited-log.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sleepUnlessAborted } from '../runtime/sleep.ts';
import { createDeliveries } from './event-bus/deliveries.ts';
import { createDaprEventBus } from './event-bus/event-bus.ts';
import { connectSidecar, createKafkaCheck, type Sidecar } from './sidecar.ts';
import { authenticateSidecar } from './sidecar-authentication.ts';
import { createDaprStateStore } from './state-store.ts';

const retryAfterMs = 500;

export type DaprSettings = {
  readonly sidecarPort: number;
  /** Where it is known, state is read and written over gRPC. */
  readonly sidecarGrpcPort?: number | undefined;
  readonly sidecarToken?: string | undefined;
  /** APP_API_TOKEN, which the sidecar sends when it calls this service. */
  readonly appToken?: string | undefined;
  readonly kafkaBrokers: readonly string[];
};

export type DaprPlatform = {
  /** `consumerGroup` must be the group in the component's YAML, because Dapr does not report it. */
  eventBus(pubsub: string, consumerGroup: string): EventBus;
  stateStore(name: string): StateStore;
  /** The same log for operators. They find it without partitions before they use it where the broker has no offsets. */
  operatorLog(): OperatorLog;
  /** The log behind the component. It has no partitions if the broker has no offsets, for example Redis Streams. */
  logReader(pubsub: string): LogReader;
  /** The routes that the sidecar calls; mount them before the app port listens. */
  deliveries: Router;
  /** The gRPC methods that a sidecar with app-protocol grpc calls instead, on the same port. */
  callbacks: GrpcServer;
  close(): void;
};

/** Opens the adapters on a sidecar, which may start later. Calls `fail` if the sidecar belongs to another app. */
export const openDaprPlatform = (
  settings: DaprSettings,
  topics: readonly Topic[],
  { log, now, newId, fail }: Pick<Runtime, 'log' | 'now' | 'newId'> & { fail: (error: ConfigError) => void },
): DaprPlatform => {
  const { sidecarPort, sidecarGrpcPort, sidecarToken } = settings;
  const sidecar = connectSidecar({ port: sidecarPort, grpcPort: sidecarGrpcPort, token: sidecarToken });
  const isKafka = createKafkaCheck(sidecar);
  const closing = new AbortController();
  if (!settings.appToken)
    log.warn(
      'APP_API_TOKEN is not set: every program on this machine may deliver events; the sidecar and this service must share it',
    );
  if (!settings.sidecarToken) log.warn(`DAPR_API_TOKEN is not set: ${openSidecarWarning}`);
  else
    void acceptsAnonymousCalls(settings.sidecarPort, closing.signal).then((isOpen) => {
      if (isOpen) log.warn(`The sidecar was started without DAPR_API_TOKEN: ${openSidecarWarning}`);
    });
  const { kafkaBrokers } = settings;
  const admin = createSharedAdmin(kafkaBrokers);
  const limitedLog = createRateLimitedLog(log);
  const authentication = authenticateSidecar(settings.appToken, (caller) =>
    limitedLog.warn(
      caller,
      'refused a call that is not from the sidecar: sidecar and service must have the same APP_API_TOKEN',
    ),
  );
  const warned = new Set<string>();
  /** Readiness is checked repeatedly, but each warning is logged once. */
  const warnOnce = (sentence: string) => {
    if (!warned.has(sentence)) log.warn(sentence);
    warned.add(sentence);
  };
  const deliveries = createDeliveries(authentication, { now, log });

  return {
    eventBus: (pubsub, consumerGroup) => {
      void rejectForeignSidecar(sidecar, pubsub, { signal: closing.signal, fail });
      const bus = createDaprEventBus(sidecar, pubsub, { topics, deliveries });
      return {
        ...bus,
        check: async () => {
          await bus.check();
          if (await isKafka(pubsub))
            for (const advice of await checkTopics(kafkaBrokers, topics, admin.use)) warnOnce(advice);
        },
        committedOffsets: async (topic) =>
          (await isKafka(pubsub)) ? fetchCommittedOffsets(kafkaBrokers, consumerGroup, topic, admin.use) : new Map(),
      };
    },
    logReader: (pubsub) => {
      const log = createKafkaLogReader(kafkaBrokers, { newId, useAdmin: admin.use });
      return { ...log, offsets: async (topic) => ((await isKafka(pubsub)) ? log.offsets(topic) : []) };
    },
    operatorLog: () => ({
      append: ({ name }, copies) => appendCopies(kafkaBrokers, name, copies),
      follow: followKafkaLog(kafkaBrokers, newId),
      members: (group, topic) => fetchGroupMembers(kafkaBrokers, group, topic, serviceLimits),
    }),
    stateStore: (name) => createDaprStateStore(sidecar, name, newId),
    deliveries: deliveries.router,
    callbacks: deliveries.callbacks,
    close: () => {
      closing.abort();
      sidecar.close();
      admin.close();
    },
  };
};

const openSidecarWarning =
  'any program on this machine, and any web page that a browser on it shows, can publish forged events through the sidecar; ' +
  'set the same DAPR_API_TOKEN for the sidecar and this service';

/** Waits for the sidecar, then tests whether it answers a call without a token. */
const acceptsAnonymousCalls = async (port: number, signal: AbortSignal): Promise<boolean> => {
  const anonymous = connectSidecar({ port });
  await anonymous.untilReady(signal);
  const metadata = signal.aborted ? undefined : await anonymous.metadata().catch(() => undefined);
  anonymous.close();
  return metadata !== undefined;
};

/** A sidecar loads its pubsub components at start, so a missing one means a wrong app-id or resources path. */
const rejectForeignSidecar = async (
  sidecar: Sidecar,
  pubsub: string,
  { signal, fail }: { signal: AbortSignal; fail: (error: ConfigError) => void },
): Promise<void> => {
  await sidecar.untilReady(signal);
  const metadata = await sidecar.metadata().catch((error: Error) => error);
  if (signal.aborted) return;
  if (metadata instanceof ConfigError) return fail(metadata);
  if (metadata instanceof Error) {
    // The sidecar stopped after it was ready, so wait for it again.
    await sleepUnlessAborted(retryAfterMs, signal);
    return rejectForeignSidecar(sidecar, pubsub, { signal, fail });
  }
  const names = metadata.components.map(({ name }) => name);
  if (names.includes(pubsub)) return;
  const message =
    `The sidecar with app-id ${metadata.id} has no component ${pubsub}; it has ${names.join(', ') || 'none'}. ` +
    `Start it under the app-id that the component's scopes name, with --resources-path on its folder.`;
  fail(new ConfigError(message));
};
