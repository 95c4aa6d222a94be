import { Validator } from '@seriousme/openapi-schema-validator';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from '../contracts/asyncapi.ts';
import { topics } from '../contracts/topics.ts';
import { readOpenApi, services } from './described-services.ts';
import { readDocument, tableUnder } from './docs/documents.ts';
import { corinne } from './lab-customers.ts';

const answersAtRoot = {
  CRM: [200, { 1: { customerId: '1', ...corinne } }],
  'IoT platform': [400, 'urn:problem:invalid-parameter'],
  'customer-view': [404, 'urn:problem:unknown-route'],
};

describe.each(Object.entries(services))('the %s', (name, open) => {
  it('describes all its routes in OpenAPI 3.1', async () => {
    const document = await readOpenApi(await open());
    expect(await new Validator().validate(structuredClone(document))).toEqual({ valid: true });
    const { body: unknown } = await request(await open())
      .get('/nothing')
      .expect(404);
    const paths = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
    expect(unknown.remedy).toBe(`routes: ${paths.join(' ')}`);
  });

  it('shows a browser a page of links at /, and answers every other client as before', async () => {
    const app = await open();
    const { text } = await request(app).get('/').set('Accept', 'text/html,*/*;q=0.8').expect(200);
    for (const link of ['/docs', '/status', '/readyz']) expect(text).toContain(`href="${link}`);
    const { status, body } = await request(app).get('/').set('Accept', '*/*');
    expect([status, body.type ?? body]).toEqual(answersAtRoot[name as keyof typeof answersAtRoot]);
  });

  it('describes the events in AsyncAPI 3', async () => {
    const { body: document } = await request(await open())
      .get('/asyncapi.json')
      .expect(200);
    expect(document.channels.connectionMandates.address).toBe(topics.connectionMandates.name);
  });

  it('shows the events with their examples as a page, which / and /docs link', async () => {
    const app = await open();
    const { text } = await request(app).get('/docs/events').expect(200);
    const shown = text.replaceAll('&quot;', '"');
    for (const topic of Object.values(asyncApiDocument.channels)) expect(shown).toContain(`<h2>${topic.address}</h2>`);
    for (const { name, examples } of Object.values(asyncApiDocument.components.messages)) {
      expect(shown).toContain(`<code>${name}</code>`);
      expect(shown).toContain(`<pre><code>${JSON.stringify(examples[0]?.payload, undefined, 2)}</code></pre>`);
    }
    for (const path of ['data.connectionId', 'data.record.email', 'data.unitPrice.amount'])
      expect(shown).toContain(`<code>${path}</code>`);
    const pages = [request(app).get('/').set('Accept', 'text/html'), request(app).get('/docs')];
    for (const page of pages) expect((await page).text).toContain('href="/docs/events"');
  });
});

/** "GET /customers/{customerId}" for every route of the service's OpenAPI document. */
const describedRoutes = async (name: keyof typeof services): Promise<readonly string[]> => {
  const { paths } = await readOpenApi(await services[name]());
  return Object.entries(paths).flatMap(([path, operations]) =>
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
