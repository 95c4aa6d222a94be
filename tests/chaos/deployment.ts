import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { waitUntil } from '../../scripts/stack/wait-until.ts';
import { dataFolder } from '../platform-process.ts';
import { componentsFolder, runCrmApp, runIotApp, startSidecar } from '../stack/dapr-lab.ts';
import { freshStack } from '../stack/fresh.ts';
import { type Instance, ports } from '../stack/ports.ts';
import type { Sampled } from './sampling.ts';
import { partUnit, processUnit, type Unit } from './target.ts';

/** An instance of the IoT platform with its sidecar; `view` names the state store that it writes and reads. */
export type FleetMember = Sampled & { app: Unit; sidecar: Unit; daprPort: number; consumerGroup: string };

export type Fleet = {
  crm: { url: string; app: Unit; sidecar: Unit };
  /** Two for each view: one that stays, and one that comes and goes. */
  members: readonly FleetMember[];
  parts: readonly Unit[];
  /** What ended though nobody ended it. */
  complaints: string[];
  end(): Promise<void>;
};

const views = ['statestore', 'durable-statestore'] as const;
const parts = ['kafka', 'redis', 'mysql'] as const;

export type FleetOptions = {
  crmEnv?: Record<string, string>;
  iotEnv?: (instance: Instance) => Record<string, string>;
  /** Members of one view share a consumer group, unless each is to follow all events. */
  groupEach?: boolean;
};

/** The whole platform on the real stack, empty as on the first day. Nothing of it runs but the servers of the stack. */
export const freshFleet = async ({
  crmEnv = {},
  iotEnv = () => ({}),
  groupEach = false,
}: FleetOptions = {}): Promise<Fleet> => {
  await freshStack();
  const partUnits = parts.map(partUnit);
  await Promise.all(partUnits.map((part) => part.start()));
  const complaints: string[] = [];
  const endedItself = (what: string) => void complaints.push(what);

  const database = `sqlite:${join(dataFolder(), 'crm.sqlite')}`;
  const env = { CRM_DATABASE_URL: database, CUSTOMERS_CSV: 'none', LOG_LEVEL: 'error', ...crmEnv };
  const { rest, ...crmPorts } = ports.crm;
  const crmResources = componentsFolder();
  const crm = {
    url: `http://127.0.0.1:${rest}`,
    app: processUnit({ name: 'CRM', run: () => runCrmApp(env), endedItself, restarts: false }),
    sidecar: processUnit({
      name: 'CRM’s sidecar',
      run: () => startSidecar('crm', rest, crmPorts, crmResources),
      endedItself,
      restarts: true,
    }),
  };

  const member = (view: string, consumerGroup: string, instance: Instance): FleetMember => {
    const { rest, app, ...sidecarPorts } = ports.iotPlatforms[instance];
    const name = `IoT platform ${instance + 1}`;
    // A sidecar that finds its store away ends and is started again; one that ignored it would do without for ever.
    const resources = componentsFolder((file, yaml) =>
      file === `${view}.yaml`
        ? yaml.replace('ignoreErrors: true', 'ignoreErrors: false')
        : yaml.replaceAll('iot-platform-consumer', consumerGroup),
    );
    const own = { STATESTORE_NAME: view, CONSUMER_GROUP: consumerGroup, LOG_LEVEL: 'error', ...iotEnv(instance) };
    return {
      name,
      view,
      consumerGroup,
      daprPort: sidecarPorts.dapr,
      url: `http://127.0.0.1:${rest}`,
      app: processUnit({ name, run: () => runIotApp(own, instance), endedItself, restarts: false }),
      sidecar: processUnit({
        name: `sidecar of ${name}`,
        run: () => startSidecar('iot-platform', app, sidecarPorts, resources),
        endedItself,
        restarts: true,
      }),
    };
  };
  const members = views.flatMap((view, v) => {
    // A group of its own for each view: each follows all events.
    const group = `torture-${randomUUID()}`;
    return [0, 1].map((n) => member(view, groupEach ? `${group}-${n}` : group, (2 * v + n) as Instance));
  });

  const all = [crm, ...members];
  return {
    crm,
    members,
    parts: partUnits,
    complaints,
    end: async () => {
      await Promise.all(all.map((one) => end(one, 'SIGKILL')));
    },
  };
};

/** Starts a service and its sidecar, and does not wait for them. */
export const come = async ({ app, sidecar }: { app: Unit; sidecar: Unit }): Promise<void> => {
  await Promise.all([app.start(), sidecar.start()]);
};

/** Starts a service and its sidecar; resolves when the service answers. */
export const start = async ({ url, app, sidecar }: { url: string; app: Unit; sidecar: Unit }): Promise<void> => {
  await come({ app, sidecar });
  const alive = () =>
    fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
  if (!(await waitUntil(60, alive))) throw new Error(`${url} does not answer`);
};

/** Ends a service and its sidecar. */
export const end = async ({ app, sidecar }: { app: Unit; sidecar: Unit }, signal: 'SIGKILL' | 'SIGTERM') => {
  await Promise.all([app.end(signal), sidecar.end(signal)]);
};
