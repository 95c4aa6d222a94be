import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { topics } from '../contracts/topics.ts';
import { readIotPlatformConfig } from '../iot-platform/config.ts';
import { connectSidecar } from '../packages/dapr/sidecar.ts';
import { daprStateStore } from '../packages/dapr/state-store.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { kafkaBrokers } from '../packages/kafka/client.ts';
import { kafkaLogReader } from '../packages/kafka/log-reader.ts';
import { type Stores, storesOf } from '../packages/projections/generations/index.ts';
import type { LogReader } from '../packages/projections/log-reader.ts';
import { RebuildRefused } from '../packages/projections/rebuild/index.ts';
import { ConfigError } from '../packages/runtime/config-error.ts';

/** The stores of the IoT platform and the log that it follows. */
export type Ports = { readonly stores: Stores; readonly home: string; readonly log: LogReader; close(): void };

/** Where the sidecar of the IoT platform is unless something else is said. */
export const usualPort = 3908;

/** The value of --dapr-http-port. @throws RebuildRefused when it is no port */
export const readSidecarPort = (value: string | undefined): number | undefined => {
  if (value === undefined) return undefined;
  if (!/^\d{1,5}$/.test(value)) throw new RebuildRefused(`--dapr-http-port ${value} is no port.`);
  return Number(value);
};

/**
 * Opens what the IoT platform uses: its sidecar and Kafka, or the embedded file. Where neither is asked for, the one that is
 * there. @throws RebuildRefused when there is none, or both, or when the broker's records have no place
 */
export const openPorts = async (
  env: NodeJS.ProcessEnv,
  { daprHttpPort, embedded }: { daprHttpPort: number | undefined; embedded: boolean },
): Promise<Ports> => {
  const config = readIotPlatformConfig(env);
  const file = join(config.dataDir, 'platform.sqlite');
  const named = daprHttpPort ?? config.dapr?.sidecarPort;
  if (embedded || (named === undefined && !(await answers(env)))) {
    if (existsSync(file)) return embeddedPorts(file, config.stateStoreName);
    throw new RebuildRefused(
      `There is no ${file}${embedded ? '' : `, and no sidecar answers on port ${usualPort}`}. Start the platform with npm start ` +
        'or npm run lab, or say where it is: DATA_DIR, --dapr-http-port.',
    );
  }
  if (named === undefined && existsSync(file))
    throw new RebuildRefused(
      `Which view? A sidecar answers on port ${usualPort}, and there is ${file}: --dapr-http-port ${usualPort}, or --embedded.`,
    );
  return daprPorts(env, config, named ?? usualPort);
};

const sidecarOn = (port: number, env: NodeJS.ProcessEnv) => connectSidecar({ port, token: env.DAPR_API_TOKEN });

const answers = async (env: NodeJS.ProcessEnv): Promise<boolean> => {
  const sidecar = sidecarOn(usualPort, env);
  const held = await sidecar.metadata().catch((error: Error) => error);
  sidecar.close();
  // One that asks for a token answers as well.
  return !(held instanceof Error) || held instanceof ConfigError;
};

const embeddedPorts = (file: string, home: string): Ports => {
  const platform = openEmbeddedPlatform(file, Object.values(topics), { lockWaitMs: 10_000 });
  const stores = storesOf({ store: platform.stateStore(home), otherStore: platform.stateStore });
  return { stores, home, log: platform.logReader(), close: platform.close };
};

const daprPorts = async (
  env: NodeJS.ProcessEnv,
  { stateStoreName: home, pubsub }: { stateStoreName: string; pubsub: string },
  port: number,
): Promise<Ports> => {
  const sidecar = sidecarOn(port, env);
  const { id, components } = await sidecar.metadata().catch((error: Error) => {
    sidecar.close();
    // Its message says what to do already.
    if (error instanceof ConfigError) throw new RebuildRefused(error.message);
    throw new RebuildRefused(
      `${error.message}. Start the IoT platform (npm run lab), or name its sidecar: --dapr-http-port.`,
    );
  });
  const type = components.find(({ name }) => name === pubsub)?.type;
  if (type !== 'pubsub.kafka') {
    sidecar.close();
    throw new RebuildRefused(
      type === undefined
        ? `The sidecar on port ${port} is that of ${id}, without the component ${pubsub}: name the one of the IoT platform.`
        : `The records of ${type} have no place, so no rebuild can tell how far it is: only those of pubsub.kafka have.`,
    );
  }
  const open = (name: string) => daprStateStore(sidecar, name, randomUUID);
  const stores = storesOf({ store: open(home), otherStore: open });
  return { stores, home, log: kafkaLogReader(kafkaBrokers(env), { newId: randomUUID }), close: sidecar.close };
};
