import { setTimeout as delay } from 'node:timers/promises';
import { locateService } from '../../packages/platform/locate-service.ts';
import { listRunningServices, type RunningService } from '../../packages/platform/running-services.ts';
import { withLabEnvironment } from '../lab/lab-environment.ts';
import { type LabSettings, readLabSettings } from '../lab/settings.ts';
import { type Answer, probeUrl } from './probe-url.ts';
import { type CheckedConfig, type ServiceRow, serviceRows } from './services.ts';

type Env = NodeJS.ProcessEnv;

export type FoundService = ServiceRow & {
  readonly url: string;
  /** A port of this machine; undefined where the URL is of another one. */
  readonly port: number | undefined;
  /** Its record in DATA_DIR/running, which exists while its process runs. */
  readonly record: RunningService | undefined;
  /** The environment of a command that works on it. */
  readonly env: Env;
  readonly config: CheckedConfig;
  readonly health: Answer;
  readonly readiness: Answer;
  /** The answers of /status: one per view, or a single one without a view. */
  readonly statuses: readonly { readonly view: string | undefined; readonly answer: Answer }[];
  readonly state: ServiceState;
};

/** `absent`: nothing listens. `silent`: a process listens and does not answer. `other`: another program answers. */
export type ServiceState = 'running' | 'absent' | 'silent' | 'other';

/** What runs, as it was found once, before the checks. */
export type Deployment = {
  readonly env: Env;
  readonly dataDir: string;
  readonly lab: 'running' | 'silent' | 'absent';
  readonly labSettings: LabSettings;
  readonly services: readonly FoundService[];
  /** Messages about addresses and about variables that are read here. */
  readonly invalid: readonly string[];
};

const labTimeoutMs = 1_000;

/** Finds the services and asks each for its health, readiness and status. It takes at most 5 seconds. */
export const findDeployment = async (ownEnv: Env): Promise<Deployment> => {
  const invalid: string[] = [];
  const attempt = <T>(read: () => T, fallback: () => T): T => {
    try {
      return read();
    } catch (error) {
      invalid.push((error as Error).message);
      return fallback();
    }
  };
  const labSettings = attempt(
    () => readLabSettings(ownEnv),
    () => readLabSettings({ ...ownEnv, LAB_PORTS: '' }),
  );
  const { env, lab } = await findLab({ ...ownEnv, ...(invalid.length > 0 && { LAB_PORTS: '' }) });
  const dataDir = env.DATA_DIR || '.data';
  const running = listRunningServices(dataDir);
  const services = await Promise.all(
    serviceRows.map(async (row): Promise<FoundService> => {
      const located = attempt(
        () => locateService(row.address, env),
        () => ({ url: `http://localhost:${row.address.defaultPort}` }),
      );
      const { url } = located;
      const record = running.find((one) => one.service === row.id && one.url === url);
      const serviceEnv = row.consumerId && lab === 'running' ? await withLabEnvironment(ownEnv, row.consumerId) : env;
      const config = readConfigOrDefaults(row, serviceEnv);
      const port = portOnThisMachine(url);
      return { ...row, url, port, record, env: serviceEnv, config, ...(await probeService(row, url)) };
    }),
  );
  return { env, dataDir, lab, labSettings, services, invalid };
};

/** Whether a lab runs, and the variables that it supplies. A lab that is stopped by SIGSTOP does not answer. */
const findLab = (env: Env): Promise<Pick<Deployment, 'env' | 'lab'>> =>
  Promise.race([
    withLabEnvironment(env, 'iot-platform').then(
      (all) => ({ env: all, lab: all === env ? ('absent' as const) : ('running' as const) }),
      () => ({ env, lab: 'silent' as const }),
    ),
    delay(labTimeoutMs, { env, lab: 'silent' as const }, { ref: false }),
  ]);

/** The check `configuration` reports what is invalid, and the other checks then use the defaults. */
const readConfigOrDefaults = ({ readConfig }: ServiceRow, env: Env): CheckedConfig => {
  try {
    return readConfig(env);
  } catch {
    return readConfig({ DATA_DIR: env.DATA_DIR });
  }
};

const portOnThisMachine = (url: string): number | undefined => {
  const { hostname, port, protocol } = new URL(url);
  if (!/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) return undefined;
  return Number(port || (protocol === 'https:' ? 443 : 80));
};

const probeService = async ({ views, id }: ServiceRow, url: string) => {
  const names = views.length > 0 ? views.map(({ projection }) => projection.name) : [undefined];
  const askStatus = async (view: string | undefined) => ({
    view,
    answer: await probeUrl(`${url}/status${view === undefined ? '' : `?view=${view}`}`),
  });
  const [health, readiness, statuses] = await Promise.all([
    probeUrl(`${url}/healthz`),
    probeUrl(`${url}/readyz`),
    Promise.all(names.map(askStatus)),
  ]);
  const ownField = id === 'crm' ? 'outbox' : 'view';
  const state = determineState(
    health,
    statuses.map(({ answer }) => answer),
    ownField,
  );
  return { health, readiness, statuses, state };
};

/** A service whose database is unavailable answers /status with 503, so only other answers show that it is another program. */
export const determineState = (health: Answer, statuses: readonly Answer[], ownField: string): ServiceState => {
  if (health.kind === 'refused') return 'absent';
  if (health.kind === 'silent') return 'silent';
  if (health.kind === 'failed' || health.body.status !== 'alive') return 'other';
  const isOwn = (answer: Answer) => answer.kind !== 'answered' || answer.status >= 500 || ownField in answer.body;
  return statuses.every(isOwn) ? 'running' : 'other';
};

export const isRunning = ({ state }: Pick<FoundService, 'state'>) => state === 'running';
export const someRuns = ({ services }: Pick<Deployment, 'services'>) => services.some(isRunning);
/** Whether a service uses a sidecar, as far as it is known; undefined while no service runs. */
export const usesSidecars = ({ services, lab }: Pick<Deployment, 'services' | 'lab'>): boolean | undefined => {
  if (lab === 'running' || services.some(({ record }) => record?.sidecarPort !== undefined)) return true;
  return services.some(({ record }) => record !== undefined) ? false : undefined;
};
/** The remedy where no service runs. */
export const startRemedy = 'npm start';
