import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { dataFolder, type RunningProcess, root, startProgram } from './platform-process.ts';
import { createComponentsFolder } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports } from './stack/ports.ts';
import { daprCli, isStackReady, prepareDaprCliEnvironment } from './stack/stack.ts';

const waitOptions = { timeout: 60_000, interval: 100 };
const crm = { url: `http://127.0.0.1:${ports.crm.rest}` };
const iotPlatform = { url: `http://127.0.0.1:${ports.iotPlatforms[0].rest}` };

const stack = await isStackReady();
const cli = await daprCli.find();
if (stack && !cli)
  console.warn('skipped: dapr run, because the Dapr CLI is missing; npm run stack -- up dapr builds it');

const started: RunningProcess[] = [];
const dapr = async (tokens: Record<'APP_API_TOKEN' | 'DAPR_API_TOKEN', string>, ...args: string[]) => {
  const env = {
    ...(await prepareDaprCliEnvironment()),
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
    ...tokens,
  };
  const process = startProgram(cli as string, args, env);
  started.push(process);
  return process;
};
const bothTokens = { APP_API_TOKEN: 'app token', DAPR_API_TOKEN: 'sidecar token' };
/** Compose passes variables that are not set as empty. */
const noTokens = { APP_API_TOKEN: '', DAPR_API_TOKEN: '' };

const expectViewToFollowCrm = async () => {
  await vi.waitFor(async () => expect(await fetchMandate(iotPlatform, '7733')).toBe('1'), waitOptions);
  expect((await postJson(`${crm.url}/customers/7`, corinneInRealTime)).status).toBe(200);
  await vi.waitFor(async () => expect(await fetchMandate(iotPlatform, '7733')).toBe('2'), waitOptions);
  for (const { url } of [crm, iotPlatform])
    await vi.waitFor(
      async () => expect((await getJson(`${url}/readyz`)).body).toMatchObject({ status: 'ready' }),
      waitOptions,
    );
};
const waitUntilGone = (url: string) => vi.waitFor(() => expect(fetch(url)).rejects.toThrow(), waitOptions);

describe.runIf(stack && cli)('dapr run', () => {
  beforeEach(() => resetStack(), 60_000);
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.end('SIGTERM')));
  });

  it('runs both services from dapr.yaml, and leaves no process behind', async () => {
    const resources = createComponentsFolder();
    const file = join(dataFolder(), 'dapr.yaml');
    const { rest, dapr: crmDapr } = ports.crm;
    const { rest: iotRest, app, dapr: iotDapr } = ports.iotPlatforms[0];
    const yaml = readFileSync(join(root, 'dapr.yaml'), 'utf8')
      .replaceAll('dapr-components', resources)
      .replace('appPort: 3005', `appPort: ${rest}`)
      .replace('3905', String(crmDapr))
      .replace('appPort: 5002', `appPort: ${app}`)
      .replace('3908', String(iotDapr))
      .replace('APP_REST_PORT: 3008', `APP_REST_PORT: ${iotRest}`)
      .replaceAll('appDirPath: .', `appDirPath: ${root}`);
    writeFileSync(file, yaml);
    const { output } = await dapr(bothTokens, 'run', '-f', file);
    await expectViewToFollowCrm();
    for (const port of [crmDapr, iotDapr])
      expect((await fetch(`http://127.0.0.1:${port}/v1.0/metadata`)).status).toBe(401);
    expect(output()).not.toContain('API_TOKEN');
    await Promise.all(started.splice(0).map((process) => process.end('SIGTERM')));
    for (const url of [crm.url, iotPlatform.url, `http://127.0.0.1:${iotDapr}`, `http://127.0.0.1:${crmDapr}`])
      await waitUntilGone(url);
  });

  it('runs each service by the command of the Dapr lab, without tokens and with a warning for each token', async () => {
    const resources = createComponentsFolder();
    const line = (id: string, appPort: number, daprPort: number, file: string) =>
      [
        'run',
        '--app-id',
        id,
        '--app-port',
        `${appPort}`,
        '--dapr-http-port',
        `${daprPort}`,
        '--resources-path',
        resources,
      ].concat(['--', 'env', `APP_REST_PORT=${ports.iotPlatforms[0].rest}`, 'node', '--import', 'tsx', file]);
    const [iot] = ports.iotPlatforms;
    const first = await dapr(noTokens, ...line('crm', ports.crm.rest, ports.crm.dapr, 'crm/main.ts'));
    // The first run of the Dapr lab uses one port for requests and deliveries.
    const second = await dapr(noTokens, ...line('iot-platform', iot.rest, iot.dapr, 'iot-platform/main.ts'));
    await expectViewToFollowCrm();
    for (const { output } of [first, second])
      for (const token of ['APP_API_TOKEN', 'DAPR_API_TOKEN'])
        expect(output().match(new RegExp(`${token} is not set`, 'g')), output()).toHaveLength(1);
  });
});
