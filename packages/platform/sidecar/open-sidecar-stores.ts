import { randomUUID } from 'node:crypto';
import { connectSidecar } from '../../dapr/sidecar.ts';
import { createDaprStateStore } from '../../dapr/state-store.ts';
import { parseKafkaBrokers } from '../../kafka/client.ts';
import { createKafkaLogReader } from '../../kafka/log-reader.ts';
import { createStores, type Stores } from '../../projections/generations/index.ts';
import type { LogReader } from '../../projections/log-reader.ts';
import { ConfigError } from '../../runtime/config-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** The stores of a service and the log that it consumes. */
export type OpenStores = {
  readonly stores: Stores;
  /** The name of the primary store. */
  readonly primaryStore: string;
  readonly log: LogReader;
  close(): Promise<void>;
};

const connectToSidecar = (port: number, env: Env, grpcPort?: number) =>
  connectSidecar({ port, grpcPort, token: env.DAPR_API_TOKEN });

/** Whether a sidecar listens on the port. */
export const isSidecarOn = async (port: number, env: Env): Promise<boolean> => {
  const sidecar = connectToSidecar(port, env);
  const metadata = await sidecar.metadata().catch((error: Error) => error);
  sidecar.close();
  // A sidecar that refuses our token is running as well.
  return !(metadata instanceof Error) || metadata instanceof ConfigError;
};

/**
 * Opens the stores of the sidecar on the port, and Kafka. The stores use gRPC if `grpcPort` is given.
 * @throws ConfigError when the sidecar does not answer, has no component `pubsub`, or the component has no offsets
 */
export const openSidecarStores = async (
  env: Env,
  {
    service,
    stateStoreName: primaryStore,
    pubsub,
    port,
    grpcPort,
  }: { service: string; stateStoreName: string; pubsub: string; port: number; grpcPort: number | undefined },
): Promise<OpenStores> => {
  const sidecar = connectToSidecar(port, env, grpcPort);
  const { id, components } = await sidecar.metadata().catch((error: Error) => {
    sidecar.close();
    // The message of a ConfigError contains the remedy.
    if (error instanceof ConfigError) throw error;
    throw new ConfigError(
      `${error.message}. Start the ${service} (npm run lab), or name its sidecar: --dapr-http-port.`,
    );
  });
  const type = components.find(({ name }) => name === pubsub)?.type;
  if (type !== 'pubsub.kafka') {
    sidecar.close();
    throw new ConfigError(
      type === undefined
        ? `The sidecar on port ${port} has app-id ${id} and no component ${pubsub}: give the port of the ${service}’s sidecar with --dapr-http-port.`
        : `The pubsub component ${pubsub} is ${type}, which has no offsets, so a rebuild cannot keep checkpoints: use pubsub.kafka.`,
    );
  }
  const open = (name: string) => createDaprStateStore(sidecar, name, randomUUID);
  const stores = createStores({ store: open(primaryStore), secondaryStore: open });
  return {
    stores,
    primaryStore,
    log: createKafkaLogReader(parseKafkaBrokers(env), { newId: randomUUID }),
    close: async () => sidecar.close(),
  };
};
