import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serviceAddresses } from '../../contracts/service-addresses.ts';
import { locateAnyInstance, locateService } from './locate-service.ts';
import { recordService } from './running-services.ts';

const { crm, iotPlatform } = serviceAddresses;
const openFolder = () => mkdtempSync(join(tmpdir(), 'running-'));
const run = (dataDir: string, service: string, url: string, deliveryPort?: number) => {
  const dapr = { sidecarPort: 1, sidecarToken: undefined, appToken: undefined, kafkaBrokers: [] };
  const delivery = deliveryPort === undefined ? {} : { deliveryPort };
  const settings = deliveryPort === undefined ? { dataDir } : { dataDir, dapr };
  onTestFinished(recordService(settings, { service, url, ...delivery }, { now: () => 0 }));
};
const option = (value: string | undefined) => ({ name: '--crm', value });

describe('a command finds a service', () => {
  it('by its option, else its URL variable, else its port variable, else its record, else its default port', () => {
    const DATA_DIR = openFolder();
    const find = (env: Record<string, string>, value?: string) =>
      locateService(crm, { DATA_DIR, ...env }, option(value));
    expect(find({})).toMatchObject({ name: 'CRM', url: 'http://localhost:3005' });
    run(DATA_DIR, 'crm', 'http://localhost:4005');
    expect(find({ CRM_URL: '', APP_PORT: '', APP_REST_PORT: '4008' }).url).toBe('http://localhost:4005');
    expect(find({ APP_PORT: '4006' }).url).toBe('http://localhost:4006');
    expect(find({ APP_PORT: '4006', CRM_URL: 'https://crm.example/' }).url).toBe('https://crm.example');
    expect(find({ APP_PORT: '4006', CRM_URL: 'http://crm:1' }, 'http://crm:2/api').url).toBe('http://crm:2/api');
  });

  it('not by a port variable that is meant for another service, nor by port 0', () => {
    const DATA_DIR = openFolder();
    run(DATA_DIR, 'crm', 'http://localhost:4005');
    run(DATA_DIR, 'iot-platform', 'http://localhost:4008', 4502);
    for (const APP_PORT of ['4008', '4502', '0'])
      expect(locateService(crm, { DATA_DIR, APP_PORT }).url, APP_PORT).toBe('http://localhost:4005');
  });

  it('at the recorded address of its port, which may have another host', () => {
    const DATA_DIR = openFolder();
    run(DATA_DIR, 'iot-platform', 'http://192.0.2.1:4008');
    expect(locateService(iotPlatform, { DATA_DIR, APP_REST_PORT: '4008' }).url).toBe('http://192.0.2.1:4008');
  });

  it('of several instances at the default address, and otherwise asks which', () => {
    const DATA_DIR = openFolder();
    run(DATA_DIR, 'crm', 'http://localhost:4005');
    run(DATA_DIR, 'crm', 'http://localhost:4006');
    expect(() => locateService(crm, { DATA_DIR })).toThrow(
      `Several instances of the CRM run: http://localhost:4005 (process ${process.pid}), http://localhost:4006 (process ${process.pid}). Choose one with CRM_URL.`,
    );
    expect(locateAnyInstance(crm, { DATA_DIR })).toBe('http://localhost:4005');
    run(DATA_DIR, 'crm', 'http://localhost:3005');
    expect(locateService(crm, { DATA_DIR }).url).toBe('http://localhost:3005');
    expect(locateAnyInstance(crm, { DATA_DIR })).toBe('http://localhost:3005');
  });
});

describe('the remedy where a service does not answer', () => {
  it('says what to do, and where its address is from', () => {
    const DATA_DIR = openFolder();
    const remedyOf = (env: Record<string, string>, value?: string) =>
      locateService(crm, { DATA_DIR, ...env }, option(value)).remedy;
    const means = 'start it (npm start), or name another one with --crm URL or CRM_URL.';
    expect(remedyOf({})).toBe(
      `${means} This is the default address: CRM_URL and APP_PORT are not set, and no running CRM is recorded in ${DATA_DIR}/running (DATA_DIR).`,
    );
    expect(remedyOf({ APP_PORT: '4005' })).toBe(`${means} This address is from APP_PORT.`);
    expect(remedyOf({ CRM_URL: 'http://crm:1' })).toBe(`${means} This address is from CRM_URL.`);
    expect(remedyOf({}, 'http://crm:1')).toBe(`${means} This address is from --crm.`);
    run(DATA_DIR, 'crm', 'http://localhost:4005');
    expect(remedyOf({})).toBe(`${means} This address is recorded in ${DATA_DIR}/running for process ${process.pid}.`);
    expect(locateService(iotPlatform, { DATA_DIR }).remedy).toContain('or name another one with IOT_PLATFORM_URL.');
  });

  it.each([
    ['localhost:4305', '--crm localhost:4305 is not a URL: write the one of the CRM as http://localhost:3005.'],
    ['crm', '--crm crm is not a URL'],
    ['', "--crm '' is not a URL"],
  ])('is to write a URL: %j', (value, message) => expect(() => locateService(crm, {}, option(value))).toThrow(message));

  it('names the variable that is not a URL', () =>
    expect(() => locateService(iotPlatform, { IOT_PLATFORM_URL: 'here' })).toThrow(
      'IOT_PLATFORM_URL here is not a URL: write the one of the IoT platform as http://localhost:3008.',
    ));
});
