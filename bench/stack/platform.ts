import { setTimeout as delay } from 'node:timers/promises';
import { sidecarArguments } from '../../scripts/sidecar-arguments.ts';
import { getJson } from '../../tests/http.ts';
import { type Started, startProcess, startProgram } from '../../tests/platform-process.ts';
import { broker, ports } from './ports.ts';
import { ensureDaprd } from './stack.ts';

/** How a service of ours is run: its Dapr components, and the environment of sidecar and service. */
export type Configuration = {
  name: string;
  components: string;
  sidecarEnv?: Record<string, string>;
  env?: Record<string, string>;
};

/** A service and its sidecar. `end` kills both and waits until they are gone. */
export type Member = { url: string; app: Started; sidecar: Started; end(): Promise<void> };

type Place = { rest: number; app: number; dapr: number; grpc: number; internal: number };

const startMember = async (
  service: 'crm' | 'iot-platform',
  place: Place,
  resources: string,
  { env, sidecarEnv }: Pick<Configuration, 'env' | 'sidecarEnv'>,
): Promise<Member> => {
  const { rest, app: appPort, ...sidecarPorts } = place;
  const args = sidecarArguments(service, appPort, sidecarPorts, resources);
  const app = startProcess(`${service}/main.ts`, {
    DAPR_HTTP_PORT: String(sidecarPorts.dapr),
    KAFKA_BROKERS: broker,
    APP_PORT: String(appPort),
    APP_REST_PORT: String(rest),
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
    ...env,
  });
  const url = `http://127.0.0.1:${rest}`;
  await untilAnswers(`${url}/healthz`, app);
  const sidecar = startProgram(await ensureDaprd(), args, sidecarEnv ?? {});
  const end = async () => void (await Promise.all([sidecar.end('SIGKILL'), app.end('SIGKILL')]));
  return { url, app, sidecar, end };
};

export const startIotPlatform = (
  resources: string,
  how: Omit<Configuration, 'name' | 'components'>,
  instance: 0 | 1 = 0,
) => startMember('iot-platform', ports.iotPlatforms[instance], resources, how);

export const startCrm = (resources: string, env: Record<string, string>) =>
  startMember('crm', ports.crm, resources, { env });

/** @throws Error with what the process said, when it ends instead */
const untilAnswers = async (url: string, started: Started): Promise<void> => {
  const ended = started.ended.then((code) => {
    throw new Error(`it ended with ${code} and said:\n${started.output()}`);
  });
  const answers = async () => {
    const isUp = () =>
      getJson(url).then(
        ({ status }) => status === 200,
        () => false,
      );
    while (!(await isUp())) await delay(20);
  };
  await Promise.race([answers(), ended]);
};
