import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type AppProtocol, createSidecarArguments, type SidecarPorts } from '../../scripts/sidecar-arguments.ts';
import { getJson } from '../http.ts';
import { dataFolder, type RunningProcess, root, startProcess, startProgram } from '../platform-process.ts';
import { type Instance, ports } from './ports.ts';
import { ensureDaprd } from './stack.ts';

export const appToken = randomUUID();

/** Copies the project's Dapr components, on the ports of the tests, into a new folder. @param edit changes the text of a file */
export const createComponentsFolder = (
  edit: (file: string, yaml: string) => string = (_, yaml) => yaml,
  from = 'dapr-components',
) => {
  const folder = dataFolder();
  for (const file of readdirSync(resolve(root, from)).filter((name) => name.endsWith('.yaml'))) {
    const yaml = readFileSync(resolve(root, from, file), 'utf8')
      .replaceAll('localhost:9092', `localhost:${ports.kafka}`)
      .replaceAll('localhost:6379', `localhost:${ports.redis}`)
      .replaceAll('localhost:3306', `localhost:${ports.mysql}`)
      .replaceAll('localhost:8081', `localhost:${ports.schemaRegistry}`)
      .replaceAll('localhost:9411', `localhost:${ports.zipkin}`);
    writeFileSync(join(folder, file), edit(file, yaml));
  }
  return folder;
};

export const startSidecar = async (
  appId: string,
  appPort: number,
  ports: SidecarPorts,
  resources: string,
  appProtocol?: AppProtocol,
) =>
  startProgram(await ensureDaprd(), createSidecarArguments(appId, appPort, ports, resources, appProtocol), {
    APP_API_TOKEN: appToken,
  });

/** A service and its sidecar. */
export type Member = {
  url: string;
  app: RunningProcess;
  sidecar: RunningProcess;
  end(signal: NodeJS.Signals): Promise<void>;
};

const createMember = (url: string, app: RunningProcess, sidecar: RunningProcess): Member => ({
  url,
  app,
  sidecar,
  end: async (signal) => void (await Promise.all([app.end(signal), sidecar.end(signal)])),
});

const commonEnvironment = ({ dapr, grpc }: { dapr: number; grpc: number }) => ({
  DAPR_HTTP_PORT: String(dapr),
  DAPR_GRPC_PORT: String(grpc),
  APP_API_TOKEN: appToken,
  KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
  ZIPKIN_URL: `http://127.0.0.1:${ports.zipkin}/api/v2/spans`,
});

export const startCrmMember = async (resources: string, env: Record<string, string> = {}): Promise<Member> => {
  const { rest, ...sidecarPorts } = ports.crm;
  const sidecar = await startSidecar('crm', rest, sidecarPorts, resources);
  return startCrmApp(sidecar, env);
};

export const startCrmApp = async (sidecar: RunningProcess, env: Record<string, string> = {}): Promise<Member> => {
  const url = `http://127.0.0.1:${ports.crm.rest}`;
  const app = runCrmApp(env);
  await waitUntilHealthy(`${url}/healthz`, app);
  return createMember(url, app, sidecar);
};

/** Starts the service without its sidecar, and does not wait until it answers. */
export const runCrmApp = (env: Record<string, string> = {}): RunningProcess => {
  const { rest } = ports.crm;
  return startProcess('crm/main.ts', { ...commonEnvironment(ports.crm), APP_PORT: String(rest), ...env });
};

export const startIotMember = async (
  resources: string,
  env: Record<string, string> = {},
  instance: Instance = 0,
): Promise<Member> => {
  const { rest: _, app, ...sidecarPorts } = ports.iotPlatforms[instance];
  const sidecar = await startSidecar('iot-platform', app, sidecarPorts, resources);
  return startIotApp(sidecar, env, instance);
};

export const startIotApp = async (
  sidecar: RunningProcess,
  env: Record<string, string> = {},
  instance: Instance = 0,
): Promise<Member> => {
  const url = `http://127.0.0.1:${ports.iotPlatforms[instance].rest}`;
  const app = runIotApp(env, instance);
  await waitUntilHealthy(`${url}/healthz`, app);
  return createMember(url, app, sidecar);
};

/** Starts the service without its sidecar, and does not wait until it answers. */
export const runIotApp = (env: Record<string, string>, instance: Instance): RunningProcess => {
  const { rest, app } = ports.iotPlatforms[instance];
  const own = { APP_PORT: String(app), APP_REST_PORT: String(rest) };
  return startProcess('iot-platform/main.ts', { ...commonEnvironment(ports.iotPlatforms[instance]), ...own, ...env });
};

export const startCustomerViewMember = async (
  resources: string,
  env: Record<string, string> = {},
  instance: Instance = 0,
): Promise<Member> => {
  const { rest, app: deliveryPort, ...sidecarPorts } = ports.customerViews[instance];
  const sidecar = await startSidecar('customer-view', deliveryPort, sidecarPorts, resources);
  const url = `http://127.0.0.1:${rest}`;
  const app = runCustomerViewApp(env, instance);
  await waitUntilHealthy(`${url}/healthz`, app);
  return createMember(url, app, sidecar);
};

/** Starts the service without its sidecar, and does not wait until it answers. */
export const runCustomerViewApp = (env: Record<string, string>, instance: Instance): RunningProcess => {
  const { rest, app } = ports.customerViews[instance];
  const own = { APP_PORT: String(app), CUSTOMER_VIEW_PORT: String(rest) };
  return startProcess('customer-view/main.ts', { ...commonEnvironment(ports.customerViews[instance]), ...own, ...env });
};

/** Waits until the URL answers 200. @throws Error with the output of the app when the app ends before */
export const waitUntilHealthy = async (url: string, app: RunningProcess): Promise<void> => {
  const ended = app.ended.then((code) => {
    throw new Error(`The process ended with ${code}. Its output:\n${app.output()}`);
  });
  const waitForAnswer = async () => {
    while (
      !(await getJson(url).then(
        ({ status }) => status === 200,
        () => false,
      ))
    )
      await delay(20);
  };
  await Promise.race([waitForAnswer(), ended]);
};
