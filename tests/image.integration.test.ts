import { existsSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { eventually } from './eventually.ts';
import { getJson } from './http.ts';
import { replayDockerfile } from './image/replay-dockerfile.ts';
import { dataFolder, type RunningProcess, root, startProgram, waitForOutput } from './platform-process.ts';

const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, { image: string; command: string[] }>;
};
const ownServices = Object.entries(services).filter(([, { image }]) => image === 'connection-mandates');

/** Starts a service by the command of its container, on free ports and without a sidecar. */
const start = ([program = '', ...args]: readonly string[]): RunningProcess =>
  startProgram(
    program,
    args,
    { HOST: '127.0.0.1', APP_PORT: '0', APP_REST_PORT: '0', CUSTOMER_VIEW_PORT: '0', LOG_LEVEL: 'info' },
    workdir,
  );

let workdir: string;
let skipped: string[];
const started: RunningProcess[] = [];

beforeAll(async () => {
  ({ workdir, skipped } = await replayDockerfile(root, dataFolder()));
});
afterAll(() => Promise.all(started.map((service) => service.end('SIGKILL'))));

it('needs a container for the user node only', () => expect(skipped).toEqual(['chown node .data', 'USER node']));

it('contains no development dependencies', () => {
  const findInstalled = (names: string[]) => names.filter((name) => existsSync(join(workdir, 'node_modules', name)));
  // docker-compose.yml turns tracing on, sets REDIS_URL and passes MANDATES_ENCODING.
  const needed = ['tsx', 'redis', 'avsc', '@opentelemetry/sdk-trace-base', '@opentelemetry/exporter-trace-otlp-proto'];
  expect(findInstalled([...needed, 'vitest', 'typescript'])).toEqual(needed);
});

it('contains the services, and each becomes ready with the command of docker-compose.yml', async () => {
  expect(ownServices.map(([name]) => name)).toEqual(['crm', 'iot-platform', 'customer-view']);
  for (const [, { command }] of ownServices) {
    const service = start(command);
    started.push(service);
    const [url] = await waitForOutput(service, /"url":"(http[^"]+)"/);
    await eventually(async () => expect((await getJson(`${url}/readyz`)).status).toBe(200));
  }
  expect(existsSync(join(workdir, '.data'))).toBe(true);
  for (const service of started) expect(await service.end('SIGTERM')).toBe(0);
});

it.each(['packages/runtime', 'node_modules/zod'])('its services do not start without %s', async (part) => {
  renameSync(join(workdir, part), join(workdir, 'elsewhere'));
  for (const [name, { command }] of ownServices) {
    const service = start(command);
    expect(await service.ended, name).toBe(1);
    expect(service.output()).toMatch(/ERR_MODULE_NOT_FOUND/);
  }
  renameSync(join(workdir, 'elsewhere'), join(workdir, part));
});
