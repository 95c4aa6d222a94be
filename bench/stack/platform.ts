import { setTimeout as delay } from 'node:timers/promises';
import { createSidecarArguments } from '../../scripts/sidecar-arguments.ts';
import { runCommand } from '../../scripts/stack/run-command.ts';
import { getJson } from '../../tests/http.ts';
import { type RunningProcess, root, startProcess, startProgram } from '../../tests/platform-process.ts';
import { broker, ports } from './ports.ts';
import { ensureDaprd } from './stack.ts';

/** The configuration of a service of this project: its Dapr components, and the environment of sidecar and service. */
export type Configuration = {
  name: string;
  components: string;
  sidecarEnv?: Record<string, string>;
  env?: Record<string, string>;
};

/** A service and its sidecar. `end` kills both and waits until they have ended. */
export type RunningService = { url: string; app: RunningProcess; sidecar: RunningProcess; end(): Promise<void> };

type ServicePorts = { rest: number; app: number; dapr: number; grpc: number; internal: number };

type SidecarArguments = Parameters<typeof createSidecarArguments>;

const argumentsFile = './scripts/sidecar-arguments.ts';
/** Prints the arguments of a sidecar as JSON; the parameters are in the first argument. */
const printArguments = `import { createSidecarArguments } from ${JSON.stringify(argumentsFile)};
console.log(JSON.stringify(createSidecarArguments(...JSON.parse(process.argv[1]))));`;

/** The arguments of a sidecar as the version in the folder `checkout` creates them: they must fit its service. */
const createArgumentsOf = async (checkout: string, ...parameters: SidecarArguments): Promise<string[]> => {
  if (checkout === root) return createSidecarArguments(...parameters);
  const args = ['--import', 'tsx', '--input-type=module', '--eval', printArguments, JSON.stringify(parameters)];
  return JSON.parse(await runCommand(process.execPath, args, { cwd: checkout }));
};

const startService = async (
  service: 'crm' | 'iot-platform',
  servicePorts: ServicePorts,
  resources: string,
  { env, sidecarEnv }: Pick<Configuration, 'env' | 'sidecarEnv'>,
  checkout = root,
): Promise<RunningService> => {
  const { rest, app: appPort, ...sidecarPorts } = servicePorts;
  const args = await createArgumentsOf(checkout, service, appPort, sidecarPorts, resources);
  const appEnv = {
    DAPR_HTTP_PORT: String(sidecarPorts.dapr),
    DAPR_GRPC_PORT: String(sidecarPorts.grpc),
    KAFKA_BROKERS: broker,
    APP_PORT: String(appPort),
    APP_REST_PORT: String(rest),
    LOG_LEVEL: 'warn',
    NODE_ENV: 'production',
    ...env,
  };
  const app = startProcess(`${service}/main.ts`, appEnv, [], checkout);
  const url = `http://127.0.0.1:${rest}`;
  await waitUntilOk(`${url}/healthz`, app);
  const sidecar = startProgram(await ensureDaprd(), args, sidecarEnv ?? {});
  const end = async () => void (await Promise.all([sidecar.end('SIGKILL'), app.end('SIGKILL')]));
  return { url, app, sidecar, end };
};

/** `checkout` is the folder of the project whose service runs. Default: this one. */
export const startIotPlatform = (
  resources: string,
  environments: Pick<Configuration, 'env' | 'sidecarEnv'>,
  instance = 0,
  checkout?: string,
): Promise<RunningService> => {
  const instancePorts = ports.iotPlatforms[instance];
  if (!instancePorts) throw new Error(`there are ports for ${ports.iotPlatforms.length} instances only`);
  return startService('iot-platform', instancePorts, resources, environments, checkout);
};

/** `checkout` is the folder of the project whose CRM runs. Default: this one. */
export const startCrm = (resources: string, env: Record<string, string>, checkout?: string) =>
  startService('crm', ports.crm, resources, { env }, checkout);

/** Waits until the service answers queries. @throws Error with its output when it ends before */
export const waitUntilReady = ({ url, app }: RunningService): Promise<void> => waitUntilOk(`${url}/readyz`, app);

/** Waits until the URL answers 200. @throws Error with the output of the process when it ends before */
const waitUntilOk = async (url: string, started: RunningProcess): Promise<void> => {
  const ended = started.ended.then((code) => {
    throw new Error(`The process ended with ${code}. Its output:\n${started.output()}`);
  });
  const waitForAnswer = async () => {
    const isUp = () =>
      getJson(url).then(
        ({ status }) => status === 200,
        () => false,
      );
    while (!(await isUp())) await delay(20);
  };
  await Promise.race([waitForAnswer(), ended]);
};
