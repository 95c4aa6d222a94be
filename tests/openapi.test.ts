import { Validator } from '@seriousme/openapi-schema-validator';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { crmApp } from '../crm/app.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { watchOutbox } from '../crm/outbox/index.ts';
import { iotPlatformApp } from '../iot-platform/app.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { idleViews } from './idle-views.ts';
import { createTestRuntime } from './test-runtime.ts';

const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
const bus = platform.eventBus('test');
const runtime = createTestRuntime();

const services = {
  CRM: async () => {
    const context = { ...runtime, db: await openCrmDatabase('memory'), onCommit: () => {} };
    const parts = { imports: createImportQueue(context, 'not used'), outbox: watchOutbox(context) };
    return crmApp({ ...context, ...parts, bus, durable: false });
  },
  'IoT platform': async () =>
    iotPlatformApp({
      ...runtime,
      bus,
      store: platform.stateStore('statestore'),
      ...idleViews(platform.stateStore('statestore')),
    }),
};

describe.each(Object.entries(services))('the %s', (_, open) => {
  it('describes all its routes in OpenAPI 3.1', async () => {
    const { body: document } = await request(await open())
      .get('/openapi.json')
      .expect(200);
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    const { body: unknown } = await request(await open())
      .get('/nothing')
      .expect(404);
    const paths = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
    expect(unknown.remedy).toBe(`routes: ${paths.join(' ')}`);
  });

  it('describes the events in AsyncAPI 3', async () => {
    const { body: document } = await request(await open())
      .get('/asyncapi.json')
      .expect(200);
    expect(document.channels.connectionMandates.address).toBe(topics.connectionMandates.name);
  });
});
