import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { dataFolder } from '../platform-process.ts';
import { createComponentsFolder, runCrmApp, runCustomerViewApp, runIotApp, startSidecar } from '../stack/dapr-lab.ts';
import { resetStack } from '../stack/fresh.ts';
import { type Instance, ports } from '../stack/ports.ts';
import type { SampledInstance } from './sampling.ts';
import { createProcessTarget, createServerTarget, type ProcessTarget, type Target } from './target.ts';
import { createViewDatabases, type ViewDatabase } from './view-databases.ts';

/** An instance of the IoT platform with its sidecar; `view` names the state store that it writes and reads. */
export type PlatformInstance = SampledInstance & {
  app: ProcessTarget;
  sidecar: Target;
  daprPort: number;
  consumerGroup: string;
};

/** An instance of the customer-view with its sidecar; `view` names the database that it writes and reads. */
export type CustomerViewInstance = SampledInstance & { app: ProcessTarget; sidecar: Target; database: ViewDatabase };

export type Deployment = {
  crm: { url: string; app: ProcessTarget; sidecar: Target };
  /** Two for each view: one that stays, and one that joins and leaves. */
  instances: readonly PlatformInstance[];
  /** Two for each database, in the same way. */
  customerViews: readonly CustomerViewInstance[];
  parts: readonly Target[];
  /** Processes that ended unexpectedly. */
  violations: string[];
  /** What the services have printed. */
  output(): string;
  stop(): Promise<void>;
};

const views = ['statestore', 'durable-statestore'] as const;
const parts = ['kafka', 'redis', 'mysql'] as const;

export type DeploymentOptions = {
  crmEnv?: Record<string, string>;
  iotEnv?: (index: Instance) => Record<string, string>;
  /** Gives each instance its own consumer group, so that it gets all events; else the instances of a view share one. */
  groupPerInstance?: boolean;
};

/** Creates the platform on the real stack, with empty topics and stores. The servers of the stack run, services and sidecars do not. */
export const createDeployment = async ({
  crmEnv = {},
  iotEnv = () => ({}),
  groupPerInstance = false,
}: DeploymentOptions = {}): Promise<Deployment> => {
  await resetStack();
  const servers = parts.map(createServerTarget);
  await Promise.all(servers.map((part) => part.start()));
  const violations: string[] = [];
  const onUnexpectedEnd = (what: string) => void violations.push(what);

  const database = `sqlite:${join(dataFolder(), 'crm.sqlite')}`;
  const env = { CRM_DATABASE_URL: database, CUSTOMERS_CSV: 'none', LOG_LEVEL: 'error', ...crmEnv };
  const { rest, ...crmPorts } = ports.crm;
  const crmResources = createComponentsFolder();
  const crm = {
    url: `http://127.0.0.1:${rest}`,
    app: createProcessTarget({ name: 'CRM', run: () => runCrmApp(env), onUnexpectedEnd, restarts: false }),
    sidecar: createProcessTarget({
      name: 'CRM’s sidecar',
      run: () => startSidecar('crm', rest, crmPorts, crmResources),
      onUnexpectedEnd,
      restarts: true,
    }),
  };

  const createInstance = (view: string, consumerGroup: string, index: Instance): PlatformInstance => {
    const { rest, app, ...sidecarPorts } = ports.iotPlatforms[index];
    const name = `IoT platform ${index + 1}`;
    // Without ignoreErrors a sidecar whose store is down ends and is restarted; with it the sidecar would run without the store.
    const resources = createComponentsFolder((file, yaml) =>
      file === `${view}.yaml`
        ? yaml.replace('ignoreErrors: true', 'ignoreErrors: false')
        : yaml.replaceAll('iot-platform-consumer', consumerGroup),
    );
    const own = { STATESTORE_NAME: view, CONSUMER_GROUP: consumerGroup, LOG_LEVEL: 'error', ...iotEnv(index) };
    return {
      name,
      view,
      consumerGroup,
      daprPort: sidecarPorts.dapr,
      url: `http://127.0.0.1:${rest}`,
      app: createProcessTarget({
        name,
        run: () => runIotApp(own, index),
        onUnexpectedEnd,
        restarts: false,
      }),
      sidecar: createProcessTarget({
        name: `sidecar of ${name}`,
        run: () => startSidecar('iot-platform', app, sidecarPorts, resources),
        onUnexpectedEnd,
        restarts: true,
      }),
    };
  };
  const instances = views.flatMap((view, v) => {
    // Each view has its own consumer group, so that it gets all events.
    const group = `chaos-${randomUUID()}`;
    return [0, 1].map((n) => createInstance(view, groupPerInstance ? `${group}-${n}` : group, (2 * v + n) as Instance));
  });

  const createCustomerView = (database: ViewDatabase, consumerGroup: string, index: Instance): CustomerViewInstance => {
    const { rest, app, ...sidecarPorts } = ports.customerViews[index];
    const name = `customer-view ${index + 1}`;
    const resources = createComponentsFolder((_, yaml) => yaml.replaceAll('customer-view-consumer', consumerGroup));
    const own = { CUSTOMER_VIEW_DATABASE_URL: database.url, CONSUMER_GROUP: consumerGroup, LOG_LEVEL: 'error' };
    return {
      name,
      view: database.name,
      database,
      url: `http://127.0.0.1:${rest}`,
      app: createProcessTarget({
        name,
        run: () => runCustomerViewApp(own, index),
        onUnexpectedEnd,
        restarts: false,
      }),
      sidecar: createProcessTarget({
        name: `sidecar of ${name}`,
        run: () => startSidecar('customer-view', app, sidecarPorts, resources),
        onUnexpectedEnd,
        restarts: true,
      }),
    };
  };
  const customerViews = (await createViewDatabases()).flatMap((database, d) => {
    const group = `chaos-${randomUUID()}`;
    return [0, 1].map((n) => createCustomerView(database, group, (2 * d + n) as Instance));
  });

  const all = [crm, ...instances, ...customerViews];
  return {
    crm,
    instances,
    customerViews,
    parts: servers,
    violations,
    output: () => all.map(({ app }) => app.output()).join('\n'),
    stop: async () => {
      await Promise.all(all.map((one) => stopBoth(one, 'SIGKILL')));
    },
  };
};

/** Starts a service and its sidecar without waiting until they answer. */
export const startWithoutWaiting = async ({ app, sidecar }: { app: Target; sidecar: Target }): Promise<void> => {
  await Promise.all([app.start(), sidecar.start()]);
};

/** Starts a service and its sidecar; resolves when the service answers. */
export const startAndWait = async ({
  url,
  app,
  sidecar,
}: {
  url: string;
  app: Target;
  sidecar: Target;
}): Promise<void> => {
  await startWithoutWaiting({ app, sidecar });
  const alive = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await waitUntil(60, alive))) throw new Error(`${url} does not answer`);
};

/** Stops a service and its sidecar. */
export const stopBoth = async ({ app, sidecar }: { app: Target; sidecar: Target }, signal: 'SIGKILL' | 'SIGTERM') => {
  await Promise.all([app.stop(signal), sidecar.stop(signal)]);
};
