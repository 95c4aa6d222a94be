import type { Server } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { serveLab } from './control-socket.ts';
import { withLabEnvironment } from './lab-environment.ts';
import { removeLabToken, writeLabToken } from './lab-token.ts';
import { readLabSettings } from './settings.ts';

// No lab runs on these ports.
const own = { LAB_PORTS: '63998' };
const ofLab = { DAPR_HTTP_PORT: '3908', STATESTORE_NAME: 'durable-statestore', KAFKA_BROKERS: 'localhost:9092' };

const environments = { 'iot-platform': ofLab, 'customer-view': { DAPR_HTTP_PORT: '3920' } };

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server = undefined;
});
const startLab = async () => {
  server = await serveLab(readLabSettings(own).socket, async (request) => ({
    text: '',
    ...(request.command === 'environment' && { environment: environments[request.service] }),
  }));
};

it('is that of the terminal when no lab runs', async () =>
  expect(await withLabEnvironment(own, 'iot-platform')).toEqual(own));

it('takes variables that the terminal has not set from the running lab', async () => {
  await startLab();
  expect(await withLabEnvironment(own, 'iot-platform')).toEqual({ ...own, ...ofLab });
  expect(await withLabEnvironment({ ...own, STATESTORE_NAME: 'other', KAFKA_BROKERS: '' }, 'iot-platform')).toEqual({
    ...own,
    ...ofLab,
    STATESTORE_NAME: 'other',
  });
  expect(await withLabEnvironment(own, 'iot-platform', { daprHttpPort: 3908 })).toMatchObject(ofLab);
});

it('is that of the service on which the command works', async () => {
  await startLab();
  expect(await withLabEnvironment(own, 'customer-view')).toEqual({ ...own, DAPR_HTTP_PORT: '3920' });
});

it('takes the token from the running lab, unless the terminal has one', async () => {
  const { tokenFile } = readLabSettings(own);
  writeLabToken(tokenFile, 'of the lab');
  try {
    // The token file of a killed lab is ignored.
    expect(await withLabEnvironment(own, 'iot-platform')).toEqual(own);
    await startLab();
    expect(await withLabEnvironment(own, 'iot-platform')).toMatchObject({ DAPR_API_TOKEN: 'of the lab' });
    expect(await withLabEnvironment({ ...own, DAPR_API_TOKEN: '' }, 'iot-platform')).toMatchObject({
      DAPR_API_TOKEN: 'of the lab',
    });
    expect(await withLabEnvironment({ ...own, DAPR_API_TOKEN: 'mine' }, 'iot-platform')).toMatchObject({
      DAPR_API_TOKEN: 'mine',
    });
    expect(await withLabEnvironment(own, 'iot-platform', { daprHttpPort: 3918 })).toEqual(own);
  } finally {
    removeLabToken(tokenFile);
  }
  expect(await withLabEnvironment(own, 'iot-platform')).toEqual({ ...own, ...ofLab });
});

it('takes nothing from the lab for another sidecar, another broker or the embedded file', async () => {
  await startLab();
  expect(await withLabEnvironment(own, 'iot-platform', { embedded: true })).toEqual(own);
  expect(await withLabEnvironment(own, 'iot-platform', { daprHttpPort: 3918 })).toEqual(own);
  for (const other of [{ DAPR_HTTP_PORT: '3918' }, { KAFKA_BROKERS: 'elsewhere:9092' }])
    expect(await withLabEnvironment({ ...own, ...other }, 'iot-platform')).toEqual({ ...own, ...other });
});
