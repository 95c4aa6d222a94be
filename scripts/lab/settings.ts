import { join } from 'node:path';
import { consumerGroupOf, pubsubOf, readComponents, readResourcesPath } from '../components.ts';
import type { SidecarPorts } from '../sidecar-arguments.ts';
import { settings as stack } from '../stack/settings.ts';

export type MemberId = 'crm' | 'iot-platform';

/** A service and its sidecar: their ports and the environment of the service. */
export type MemberPlan = {
  readonly id: MemberId;
  readonly main: string;
  readonly url: string;
  readonly appPort: number;
  readonly ports: SidecarPorts;
  /** Called at each start, so that an edited YAML is read. `overrides` come from the terminal that starts the member. */
  readonly environment: (overrides: Overrides) => Record<string, string>;
};

/** The variables that npm run lab -- start can change for one member. */
export type Overrides = { readonly STATESTORE_NAME?: string; readonly CONSUMER_GROUP?: string };

export type LabSettings = {
  readonly resources: string;
  /** The socket on which the running lab serves commands of other terminals. */
  readonly socket: string;
  /** The file with the token of the running lab's sidecars. */
  readonly tokenFile: string;
  /** The variable that a printed command needs in front, to reach this lab. */
  readonly prefix: string;
  readonly zipkin: string;
  readonly members: Readonly<Record<MemberId, MemberPlan>>;
};

/** @throws Error when LAB_PORTS is invalid */
export const readLabSettings = (env: NodeJS.ProcessEnv): LabSettings => {
  const base = env.LAB_PORTS ? Number(env.LAB_PORTS) : undefined;
  if (base !== undefined && (!Number.isInteger(base) || base < 1_000 || base > 64_000))
    throw new Error(`LAB_PORTS=${env.LAB_PORTS} is invalid: give a number from 1000 to 64000, as in 33000.`);
  const portOf = (defaultPort: number) => (base === undefined ? defaultPort : base + (defaultPort % 1_000));
  const name = base === undefined ? 'lab' : `lab-${base}`;
  const resources = readResourcesPath(env);
  const zipkin = `http://localhost:${stack.zipkinPort}`;
  const common = (daprPort: number) => ({
    DAPR_HTTP_PORT: String(daprPort),
    ZIPKIN_URL: env.ZIPKIN_URL || `${zipkin}/api/v2/spans`,
    KAFKA_BROKERS: env.KAFKA_BROKERS || `localhost:${stack.kafkaPort}`,
  });
  const crm = portOf(3005);
  const iotPlatform = portOf(3008);
  return {
    resources,
    zipkin,
    socket: join('.data', `${name}.sock`),
    tokenFile: join('.data', `${name}.token`),
    prefix: base === undefined ? '' : `LAB_PORTS=${base} `,
    members: {
      crm: {
        id: 'crm',
        main: 'crm/main.ts',
        url: `http://localhost:${crm}`,
        appPort: crm,
        ports: { dapr: portOf(3905), grpc: portOf(3906), internal: portOf(3907) },
        environment: () => ({ ...common(portOf(3905)), APP_PORT: String(crm) }),
      },
      'iot-platform': {
        id: 'iot-platform',
        main: 'iot-platform/main.ts',
        url: `http://localhost:${iotPlatform}`,
        appPort: portOf(5002),
        ports: { dapr: portOf(3908), grpc: portOf(3909), internal: portOf(3910) },
        environment: (overrides) => {
          const merged = { ...env, ...overrides };
          const components = readComponents(resources);
          const store = merged.STATESTORE_NAME || 'statestore';
          const usesRedis = [components.find(({ name }) => name === store), pubsubOf(merged, components)].some(
            (component) => component?.type.endsWith('.redis'),
          );
          const redis = env.REDIS_URL || (usesRedis ? `redis://localhost:${stack.redisPort}` : undefined);
          return {
            ...common(portOf(3908)),
            APP_PORT: String(portOf(5002)),
            APP_REST_PORT: String(iotPlatform),
            STATESTORE_NAME: store,
            CONSUMER_GROUP: consumerGroupOf(merged, components),
            ...(redis && { REDIS_URL: redis }),
          };
        },
      },
    },
  };
};
