import { Validator } from '@seriousme/openapi-schema-validator';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { topics } from '../contracts/topics.ts';
import { createCrmApp } from '../crm/app.ts';
import { openCrmDatabase } from '../crm/database/index.ts';
import { createImportQueue } from '../crm/imports/index.ts';
import { watchOutbox } from '../crm/outbox/index.ts';
import { createCustomerViewApp } from '../customer-view/app.ts';
import { createIotPlatformApp } from '../iot-platform/app.ts';
import { openEmbeddedPlatform } from '../packages/embedded/platform.ts';
import { createIdleCustomerView } from './customer-view-app.ts';
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
  'customer-view': async () => createCustomerViewApp({ ...runtime, bus, ...(await createIdleCustomerView()) }),
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
  it('list every route of the services in docs/api.md, and no other', async () => {
    const names = Object.keys(services) as (keyof typeof services)[];
    const routes = await Promise.all(names.map(describedRoutes));
    const isCommon = (route: string) => routes.every((own) => own.includes(route));
    const rows = names.flatMap((name, i) =>
      (routes[i] ?? []).map((route) => `${isCommon(route) ? 'all' : name} \`${route}\``),
    );
    const expected = new Set(rows);
    const documented = tableUnder('docs/api.md', 'All routes').map(([service, route]) => `${service} ${route}`);
    expect(documented.sort()).toEqual([...expected].sort());
  });

  it.each([
    ['CRM', 'crm'],
    ['IoT platform', 'iotPlatform'],
    ['customer-view', 'customerView'],
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
