import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runDoctor } from './doctor.ts';
import { eventually } from './eventually.ts';
import { fetchMandate, getJson, postJson } from './http.ts';
import { corinneInRealTime } from './lab-customers.ts';
import { expectOrderInHistory } from './order-history.ts';
import { dataFolder, type RunningProcess, root, startProgram } from './platform-process.ts';
import { createComponentsFolder } from './stack/dapr-lab.ts';
import { resetStack } from './stack/fresh.ts';
import { ports, stackEnvironment } from './stack/ports.ts';
import { daprCli, isStackReady, prepareDaprCliEnvironment } from './stack/stack.ts';

const crm = { url: `http://127.0.0.1:${ports.crm.rest}` };
const iotPlatform = { url: `http://127.0.0.1:${ports.iotPlatforms[0].rest}` };
const { rest: billingPort, dapr: billingDapr } = ports.customerViews[3];
const billing = { url: `http://127.0.0.1:${billingPort}` };
const customerView = { url: `http://127.0.0.1:${ports.customerViews[0].rest}` };

const stack = await isStackReady();
const cli = await daprCli.find();
if (stack && !cli)
  console.warn('skipped: dapr run, because the Dapr CLI is missing; npm run stack -- up dapr builds it');

const started: RunningProcess[] = [];
let dataDir: string;
const dapr = async (tokens: Record<'APP_API_TOKEN' | 'DAPR_API_TOKEN', string>, ...args: string[]) => {
  const env = {
    ...(await prepareDaprCliEnvironment()),
    KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`,
    DATA_DIR: dataDir,
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
  await eventually(async () => expect(await fetchMandate(iotPlatform, '7733')).toBe('1'));
  expect((await postJson(`${crm.url}/customers/7`, corinneInRealTime)).status).toBe(200);
  await eventually(async () => expect(await fetchMandate(iotPlatform, '7733')).toBe('2'));
  await expectOrderInHistory(crm.url, customerView.url);
  for (const { url } of [crm, iotPlatform, customerView])
    await eventually(async () => expect((await getJson(`${url}/readyz`)).body).toMatchObject({ status: 'ready' }));
};
const expectBillable = () =>
  eventually(async () =>
    expect((await getJson(`${billing.url}/billable/7733`)).body).toMatchObject({ billable: true }),
  );
/** The command of docs/polyglot.md that starts billing alone, on the ports of the tests. */
const billingLine = (resources: string) => {
  const [, line = ''] =
    /`dapr (run --app-id billing [^`]+)`/.exec(readFileSync(join(root, 'docs/polyglot.md'), 'utf8')) ?? [];
  const { rest, dapr: http, grpc } = ports.customerViews[3];
  const here: Record<string, unknown> = { 3012: rest, 3923: http, 3924: grpc, 'dapr-components': resources };
  return line.split(' ').map((word) => String(here[word] ?? word));
};
const waitUntilGone = (url: string) => eventually(() => expect(fetch(url)).rejects.toThrow());

describe.runIf(stack && cli)('dapr run', () => {
  beforeEach(async () => {
    dataDir = dataFolder();
    await resetStack();
  });
  afterEach(async () => {
    await Promise.all(started.splice(0).map((process) => process.end('SIGTERM')));
  });

  it('runs the services from dapr.yaml, and leaves no process behind', async () => {
    const resources = createComponentsFolder();
    const file = join(dataFolder(), 'dapr.yaml');
    const { rest, dapr: crmDapr } = ports.crm;
    const { rest: iotRest, app, dapr: iotDapr } = ports.iotPlatforms[0];
    const { rest: viewRest, app: viewApp, dapr: viewDapr } = ports.customerViews[0];
    const yaml = readFileSync(join(root, 'dapr.yaml'), 'utf8')
      .replaceAll('dapr-components', resources)
      .replace('appPort: 3005', `appPort: ${rest}`)
      .replace('3905', String(crmDapr))
      .replace('appPort: 5002', `appPort: ${app}`)
      .replace('3908', String(iotDapr))
      .replace('APP_REST_PORT: 3008', `APP_REST_PORT: ${iotRest}`)
      .replace('appPort: 5010', `appPort: ${viewApp}`)
      .replace('3920', String(viewDapr))
      .replace('CUSTOMER_VIEW_PORT: 3010', `CUSTOMER_VIEW_PORT: ${viewRest}`)
      .replace('appPort: 3012', `appPort: ${billingPort}`)
      .replace('3923', String(billingDapr))
      .replace('.data/stack', join(root, stackEnvironment.STACK_DIR))
      .replaceAll('appDirPath: .', `appDirPath: ${root}`);
    writeFileSync(file, yaml);
    const { output } = await dapr(bothTokens, 'run', '-f', file);
    await expectViewToFollowCrm();
    await expectBillable();
    const doctor = { KAFKA_BROKERS: `127.0.0.1:${ports.kafka}`, RESOURCES_PATH: resources, DATA_DIR: dataDir };
    const { code, findings } = await runDoctor({ ...doctor, DAPR_API_TOKEN: bothTokens.DAPR_API_TOKEN });
    expect(findings.filter(({ status }) => status === 'problem' || status === 'skipped')).toEqual([]);
    expect(code).toBe(0);
    const sidecars = [crmDapr, iotDapr, viewDapr, billingDapr];
    for (const port of sidecars) expect((await fetch(`http://127.0.0.1:${port}/v1.0/metadata`)).status).toBe(401);
    expect(output()).not.toContain('API_TOKEN');
    await Promise.all(started.splice(0).map((process) => process.end('SIGTERM')));
    const urls = sidecars.map((port) => `http://127.0.0.1:${port}`);
    for (const url of [crm.url, iotPlatform.url, customerView.url, billing.url, ...urls]) await waitUntilGone(url);
  });

  it('runs each service by the command of the Dapr lab, without tokens and with a warning for each token', async () => {
    const resources = createComponentsFolder();
    const line = (id: string, appPort: number, daprPort: number, file: string) => [
      'run',
      '--app-id',
      id,
      '--app-port',
      `${appPort}`,
      '--dapr-http-port',
      `${daprPort}`,
      '--resources-path',
      resources,
      '--',
      'env',
      `APP_REST_PORT=${ports.iotPlatforms[0].rest}`,
      `CUSTOMER_VIEW_PORT=${ports.customerViews[0].rest}`,
      'node',
      '--import',
      'tsx',
      file,
    ];
    const [iot] = ports.iotPlatforms;
    const first = await dapr(noTokens, ...line('crm', ports.crm.rest, ports.crm.dapr, 'crm/main.ts'));
    // The first run of the Dapr lab uses one port for requests and deliveries.
    const second = await dapr(noTokens, ...line('iot-platform', iot.rest, iot.dapr, 'iot-platform/main.ts'));
    const { app, dapr: viewDapr } = ports.customerViews[0];
    const third = await dapr(noTokens, ...line('customer-view', app, viewDapr, 'customer-view/main.ts'));
    await expectViewToFollowCrm();
    await dapr(noTokens, ...billingLine(resources));
    await expectBillable();
    for (const { output } of [first, second, third])
      for (const token of ['APP_API_TOKEN', 'DAPR_API_TOKEN'])
        expect(output().match(new RegExp(`${token} is not set`, 'g')), output()).toHaveLength(1);
  });
});
