import { Validator } from '@seriousme/openapi-schema-validator';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { createCrmApp } from '../crm/app.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { watchOutbox } from '../crm/outbox/index.ts';
import { createIotPlatformApp } from '../iot-platform/app.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { readDocument, tableUnder } from './docs/documents.ts';
import { createIdleViews } from './idle-views.ts';
import { createTestRuntime } from './test-runtime.ts';

const platform = openEmbeddedPlatform(':memory:', Object.values(topics));
const bus = platform.eventBus('test');
const runtime = createTestRuntime();

const services = {
  CRM: async () => {
    const context = { ...runtime, db: await openCrmDatabase('memory'), onCommit: () => {} };
    const parts = { imports: createImportQueue(context, 'not used'), outbox: watchOutbox(context) };
    return createCrmApp({ ...context, ...parts, bus, isDurable: false });
  },
  'IoT platform': async () =>
    createIotPlatformApp({
      ...runtime,
      bus,
      store: platform.stateStore('statestore'),
      ...createIdleViews(platform.stateStore('statestore')),
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

/** "GET /customers/{customerId}" for every route of the service's OpenAPI document. */
const describedRoutes = async (name: keyof typeof services): Promise<readonly string[]> => {
  const { body } = await request(await services[name]())
    .get('/openapi.json')
    .expect(200);
  return Object.entries<object>(body.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
};

describe('the documents', () => {
  it('list every route of both services in docs/api.md, and no other', async () => {
    const [crm, iotPlatform] = [await describedRoutes('CRM'), await describedRoutes('IoT platform')];
    const serviceOf = (route: string) =>
      crm.includes(route) && iotPlatform.includes(route) && !route.endsWith(' /') ? 'both' : undefined;
    const routes = (service: string, own: readonly string[]) =>
      own.map((route) => [serviceOf(route) ?? service, `\`${route}\``]);
    const expected = new Set(
      [...routes('CRM', crm), ...routes('IoT platform', iotPlatform)].map((row) => row.join(' ')),
    );
    const documented = tableUnder('docs/api.md', 'All routes').map(([service, route]) => `${service} ${route}`);
    expect(documented.sort()).toEqual([...expected].sort());
  });

  it.each([
    ['CRM', 'crm'],
    ['IoT platform', 'iotPlatform'],
  ] as const)('have a request for every route of the %s in requests.http, and no other', async (name, variable) => {
    const requests = readDocument('requests.http').matchAll(
      new RegExp(`^([A-Z]+) \\{\\{${variable}\\}\\}([^?\\s]*)`, 'gm'),
    );
    const sent = [...requests].map(([, method, path]) => `${method} ${path}`);
    const described = await describedRoutes(name);
    const matching = (route: string) => new RegExp(`^${route.replaceAll(/\{\w+\}/g, '[^/]+')}$`);
    expect(sent.filter((one) => !described.some((route) => matching(route).test(one)))).toEqual([]);
    expect(described.filter((route) => !sent.some((one) => matching(route).test(one)))).toEqual([]);
  });
});
