import { join } from 'node:path';
import { consumerGroupOf, pubsubOf, readComponents, readResourcesPath } from '../components.ts';
import { listLoopbackOrigins } from '../loopback-origins.ts';
import { siblingWords } from '../sibling-program.ts';
import type { SidecarPorts } from '../sidecar-arguments.ts';
import { settings as stack } from '../stack/settings.ts';

export const memberIds = ['crm', 'iot-platform', 'customer-view'] as const;
/** Members that a lab has only with `--with`. */
export const optionalMemberIds = ['billing'] as const;
export type MemberId = (typeof memberIds)[number] | (typeof optionalMemberIds)[number];

/** A service and its sidecar: their ports and the environment of the service. */
export type MemberPlan = {
  readonly id: MemberId;
  /** The name of the service in sentences. */
  readonly name: string;
  /** The program of the service and its arguments. */
  readonly command: readonly [program: string, ...args: string[]];
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
  const portOf = (defaultPort: number, moved = defaultPort % 1_000) =>
    base === undefined ? defaultPort : base + moved;
  const name = base === undefined ? 'lab' : `lab-${base}`;
  const resources = readResourcesPath(env);
  const zipkin = `http://localhost:${stack.zipkinPort}`;
  const crmUrl = `http://localhost:${portOf(3005)}`;
  const common = (daprPort: number) => ({
    DAPR_HTTP_PORT: String(portOf(daprPort)),
    DAPR_GRPC_PORT: String(portOf(daprPort + 1)),
    ZIPKIN_URL: env.ZIPKIN_URL || `${zipkin}/api/v2/spans`,
    KAFKA_BROKERS: env.KAFKA_BROKERS || `localhost:${stack.kafkaPort}`,
    // The pages of the CRM may call the other services.
    ALLOWED_ORIGINS: [...(env.ALLOWED_ORIGINS ? [env.ALLOWED_ORIGINS] : []), ...listLoopbackOrigins(crmUrl)].join(','),
    CRM_URL: env.CRM_URL || crmUrl,
  });
  const plan = (
    id: MemberId,
    daprPort: number,
    own: Pick<MemberPlan, 'name' | 'url' | 'appPort' | 'environment'>,
    command: MemberPlan['command'] = [process.execPath, ...siblingWords(`${id}/main.ts`)],
  ) => ({
    ...own,
    id,
    command,
    ports: { dapr: portOf(daprPort), grpc: portOf(daprPort + 1), internal: portOf(daprPort + 2) },
    environment: (overrides: Overrides) => ({ ...common(daprPort), ...own.environment(overrides) }),
  });
  const [crm, iotPlatform, customerView, billing] = [portOf(3005), portOf(3008), portOf(3010), portOf(3012)];
  // 3010 is the REST port of the same service, so LAB_PORTS moves 5010 to the next port.
  const customerViewDeliveries = portOf(5010, 11);
  return {
    resources,
    zipkin,
    socket: join('.data', `${name}.sock`),
    tokenFile: join('.data', `${name}.token`),
    prefix: base === undefined ? '' : `LAB_PORTS=${base} `,
    members: {
      crm: plan('crm', 3905, {
        name: 'CRM',
        url: `http://localhost:${crm}`,
        appPort: crm,
        environment: () => ({ APP_PORT: String(crm) }),
      }),
      'iot-platform': plan('iot-platform', 3908, {
        name: 'IoT platform',
        url: `http://localhost:${iotPlatform}`,
        appPort: portOf(5002),
        environment: (overrides) => {
          const merged = { ...env, ...overrides };
          const components = readComponents(resources);
          const store = merged.STATESTORE_NAME || 'statestore';
          const pubsub = pubsubOf('iot-platform', merged, components);
          const usesRedis = [components.find((one) => one.name === store), pubsub].some((component) =>
            component?.type.endsWith('.redis'),
          );
          const redis = env.REDIS_URL || (usesRedis ? `redis://localhost:${stack.redisPort}` : undefined);
          return {
            APP_PORT: String(portOf(5002)),
            APP_REST_PORT: String(iotPlatform),
            STATESTORE_NAME: store,
            CONSUMER_GROUP: consumerGroupOf('iot-platform', merged, components),
            ...(redis && { REDIS_URL: redis }),
          };
        },
      }),
      'customer-view': plan('customer-view', 3920, {
        name: 'customer-view',
        url: `http://localhost:${customerView}`,
        appPort: customerViewDeliveries,
        environment: ({ CONSUMER_GROUP = '' }) => ({
          APP_PORT: String(customerViewDeliveries),
          CUSTOMER_VIEW_PORT: String(customerView),
          // Next to the data of the stack, whose log the views follow. Two labs on one stack share it.
          CUSTOMER_VIEW_DATABASE_URL:
            env.CUSTOMER_VIEW_DATABASE_URL || `sqlite:${join(stack.dataFolder, 'customer-view.sqlite')}`,
          // The lab's own PUBSUB_NAME and CONSUMER_GROUP are those of the IoT platform.
          PUBSUB_NAME: 'customer-view-pubsub',
          CONSUMER_GROUP: consumerGroupOf('customer-view', { CONSUMER_GROUP }, readComponents(resources)),
        }),
      }),
      billing: plan(
        'billing',
        3923,
        {
          name: 'billing',
          url: `http://localhost:${billing}`,
          appPort: billing,
          environment: () => ({
            APP_PORT: String(billing),
            CONSUMER_GROUP:
              readComponents(resources).find(({ name }) => name === 'billing-pubsub')?.metadata.consumerGroup ??
              'billing-consumer',
          }),
        },
        ['examples/billing-python/start.sh'],
      ),
    },
  };
};
