import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settings as stack } from '../stack/settings.ts';
import { readLabSettings } from './settings.ts';

const customerView = (env: Record<string, string>, overrides = {}) =>
  readLabSettings(env).members['customer-view'].environment(overrides);
const iotPlatform = (env: Record<string, string>, overrides = {}) =>
  readLabSettings(env).members['iot-platform'].environment(overrides);

describe('the lab', () => {
  it('uses the documented ports, and LAB_PORTS moves all of them and the socket', () => {
    const defaults = readLabSettings({});
    expect(defaults).toMatchObject({ socket: '.data/lab.sock', prefix: '' });
    expect(defaults.members.crm).toMatchObject({ appPort: 3005, ports: { dapr: 3905 } });
    expect(defaults.members['iot-platform']).toMatchObject({ url: 'http://localhost:3008', appPort: 5002 });
    const moved = readLabSettings({ LAB_PORTS: '33000' });
    expect(moved).toMatchObject({ socket: '.data/lab-33000.sock', prefix: 'LAB_PORTS=33000 ' });
    expect(moved.members.crm).toMatchObject({ appPort: 33005, ports: { dapr: 33905, grpc: 33906, internal: 33907 } });
    expect(moved.members['iot-platform']).toMatchObject({ url: 'http://localhost:33008', appPort: 33002 });
    expect(customerView({ LAB_PORTS: '33000' })).toMatchObject({
      APP_PORT: '33011',
      CUSTOMER_VIEW_PORT: '33010',
      DAPR_HTTP_PORT: '33920',
    });
    expect(defaults.members['customer-view']).toMatchObject({ url: 'http://localhost:3010', appPort: 5010 });
    expect(iotPlatform({ LAB_PORTS: '33000' })).toMatchObject({
      APP_PORT: '33002',
      APP_REST_PORT: '33008',
      DAPR_HTTP_PORT: '33908',
      DAPR_GRPC_PORT: '33909',
    });
  });

  it('lets the pages of its CRM, and of the given origins, call every service', () => {
    const { members } = readLabSettings({ LAB_PORTS: '33000', ALLOWED_ORIGINS: 'https://console.example.org' });
    const pages = 'https://console.example.org,http://localhost:33005,http://127.0.0.1:33005,http://[::1]:33005';
    for (const id of ['crm', 'iot-platform', 'customer-view'] as const)
      expect(members[id].environment({})).toMatchObject({ ALLOWED_ORIGINS: pages });
  });

  it('starts the billing example by its own script, on a port and in a group of its own', () => {
    const { billing } = readLabSettings({ LAB_PORTS: '33000', CONSUMER_GROUP: 'mine' }).members;
    expect(billing).toMatchObject({ command: ['examples/billing-python/start.sh'], appPort: 33012 });
    expect(billing.environment({})).toMatchObject({ APP_PORT: '33012', CONSUMER_GROUP: 'billing-consumer' });
  });

  it.each([{}, { LAB_PORTS: '33000' }])('gives each service and sidecar ports of its own, with %o', (env) => {
    const { members } = readLabSettings(env);
    const all = Object.values(members).map(({ url, appPort, ports }) => [
      ...new Set([Number(new URL(url).port), appPort, ...Object.values(ports)]),
    ]);
    expect(new Set(all.flat()).size).toBe(all.flat().length);
  });

  it.each(['x', '80', '65000'])('refuses LAB_PORTS=%s', (LAB_PORTS) =>
    expect(() => readLabSettings({ LAB_PORTS })).toThrow(`LAB_PORTS=${LAB_PORTS} is invalid`));

  it('takes store and group from the terminal that starts a member, else from its own environment', () => {
    expect(iotPlatform({})).toMatchObject({ STATESTORE_NAME: 'statestore', CONSUMER_GROUP: 'iot-platform-consumer' });
    expect(iotPlatform({ STATESTORE_NAME: 'durable-statestore', CONSUMER_GROUP: 'mine' })).toMatchObject({
      STATESTORE_NAME: 'durable-statestore',
      CONSUMER_GROUP: 'mine',
    });
    expect(iotPlatform({ STATESTORE_NAME: 'a', CONSUMER_GROUP: 'b' }, { STATESTORE_NAME: 'c' })).toMatchObject({
      STATESTORE_NAME: 'c',
      CONSUMER_GROUP: 'b',
    });
  });

  it('keeps the views of the customer-view next to the stack, unless a database is set', () => {
    const inStack = `sqlite:${join(stack.dataFolder, 'customer-view.sqlite')}`;
    expect(customerView({})).toMatchObject({ CUSTOMER_VIEW_DATABASE_URL: inStack });
    const own = { CUSTOMER_VIEW_DATABASE_URL: 'mysql://user:password@host/views' };
    expect(customerView(own)).toMatchObject(own);
  });

  it('gives the customer-view its own group, whatever the group of the IoT platform is', () => {
    expect(customerView({ CONSUMER_GROUP: 'mine', PUBSUB_NAME: 'other' })).toMatchObject({
      CONSUMER_GROUP: 'customer-view-consumer',
      PUBSUB_NAME: 'customer-view-pubsub',
    });
    expect(customerView({}, { CONSUMER_GROUP: 'renamed' })).toMatchObject({ CONSUMER_GROUP: 'renamed' });
  });

  it('sets REDIS_URL where the IoT platform uses Redis', () => {
    const redis = `redis://localhost:${stack.redisPort}`;
    expect(iotPlatform({})).toMatchObject({ REDIS_URL: redis });
    expect(iotPlatform({ STATESTORE_NAME: 'durable-statestore' })).not.toHaveProperty('REDIS_URL');
    expect(
      iotPlatform({ STATESTORE_NAME: 'durable-statestore', RESOURCES_PATH: 'dapr-components/variants/redis-streams' }),
    ).toMatchObject({ REDIS_URL: redis });
    expect(iotPlatform({ REDIS_URL: 'rediss://elsewhere' })).toMatchObject({ REDIS_URL: 'rediss://elsewhere' });
  });
});
