import { afterEach, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { fetchMandate } from './http.ts';
import { dataFolder, type RunningProcess, startProgram, waitForOutput } from './platform-process.ts';

const started: RunningProcess[] = [];
afterEach(() => Promise.all(started.splice(0).map((process) => process.end('SIGKILL'))));

const unset = {
  OTEL_EXPORTER_OTLP_ENDPOINT: '',
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: '',
  ZIPKIN_URL: '',
  REDIS_URL: '',
};
const installCommand = 'node scripts/install.mjs --omit=dev --include=peer';

/** Starts a program that finds no peer dependency of package.json, as after `npm start` on a fresh clone. */
const start = (file: string, env: Record<string, string> = {}) => {
  const args = ['--import', 'tsx', '--import', './tests/without-peer-packages.mjs', file];
  const settings = {
    ...unset,
    APP_PORT: '0',
    APP_REST_PORT: '0',
    CUSTOMER_VIEW_PORT: '0',
    DATA_DIR: dataFolder(),
    ...env,
  };
  const service = startProgram(process.execPath, args, settings);
  started.push(service);
  return service;
};
const startPlatform = async (env: Record<string, string> = {}) => {
  const platform = start('scripts/start.ts', env);
  const [iotPlatform] = await waitForOutput(platform, /IoT platform +(http\S+)/, /Ctrl-C stops/);
  const url = String(iotPlatform);
  await eventually(async () => expect(await fetchMandate({ url }, '7733')).toBe('1'));
  return platform.output();
};

it('npm start needs none of them by default', async () => expect(await startPlatform()).not.toContain('installed'));

it.each([
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'ZIPKIN_URL',
])('npm start with %s works untraced, and warns with the command that installs them', async (variable) => {
  const warning = `tracing is off, because its packages are not installed; to install them: ${installCommand}`;
  expect(await startPlatform({ [variable]: 'http://127.0.0.1:9' })).toContain(warning);
});

it.each(['crm/main.ts', 'customer-view/main.ts', 'iot-platform/main.ts'])('%s alone starts', async (file) => {
  await waitForOutput(start(file), /"url":"(http[^"]+)"/);
});

it('the IoT platform does not start with REDIS_URL, and names the command that installs them', async () => {
  const service = start('iot-platform/main.ts', { REDIS_URL: 'redis://127.0.0.1:9' });
  expect(await service.ended).toBe(1);
  expect(service.output()).toContain(
    `REDIS_URL needs the package redis, which is not installed. Install it: ${installCommand}\n`,
  );
});
