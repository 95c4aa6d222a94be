import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { noEvents } from '../../../tests/no-events.ts';
import { createTestRuntime } from '../../../tests/test-runtime.ts';
import { DomainError } from '../../runtime/domain-error.ts';
import { createHttpApp } from '../app.ts';
import { operation, type Routes, withTag } from '../operation.ts';
import { wholeNumber } from '../whole-number.ts';

const leaf = z
  .strictObject({
    colour: z
      .string()
      .max(5, 'a short colour')
      .meta({ examples: ['red'] }),
  })
  .meta({ id: 'Leaf' });
const routes: Routes = withTag('Trees', {
  '/trees/:tree/leaves': {
    get: operation({
      summary: 'The leaves of a tree',
      path: z.object({ tree: z.string().meta({ examples: ['oak'] }) }),
      query: z.strictObject({ limit: wholeNumber('1 to 9', { min: 1, max: 9, defaultValue: 3 }) }),
      responses: { 200: { description: 'The leaves.', schema: z.array(leaf) } },
      errors: ['tree-unknown'],
      handle: ({ path, query }, res) => {
        if (path.tree !== 'oak') throw new DomainError('tree-unknown', 'No such tree.');
        res.json(Array(query.limit).fill({ colour: 'green' }));
      },
    }),
    post: operation({
      summary: 'Grow a leaf',
      path: z.object({ tree: z.string().meta({ examples: ['oak'] }) }),
      headers: z.object({
        'If-Match': z
          .string()
          .regex(/^".*"$/, 'a quoted tag')
          .optional(),
      }),
      body: leaf,
      bodyTypes: ['application/merge-patch+json', 'application/json'],
      responses: {
        201: {
          description: 'It grew.',
          schema: leaf,
          headers: { Location: { description: 'Where it is.', example: '/trees/oak/leaves/1' } },
        },
      },
      handle: ({ body, headers }, res) =>
        res
          .status(201)
          .location('/')
          .json({ ...body, tag: headers['If-Match'] }),
    }),
    put: operation({
      summary: 'All leaves, as they come',
      bodyTypes: ['text/csv'],
      bodyExample: 'a,b',
      responses: { 204: { description: 'Read.' } },
      handle: async (_request, res, req) => {
        for await (const _chunk of req);
        res.sendStatus(204);
      },
    }),
  },
});
const api = { title: 'Trees', description: 'Their leaves.', events: noEvents };
const app = (statuses: Record<string, number> = { 'tree-unknown': 404 }) =>
  request(createHttpApp(routes, { ...createTestRuntime(), api, statuses }));
const read = async () => (await app().get('/openapi.json').expect(200)).body;

describe('an operation', () => {
  it('gets the request validated and typed', async () => {
    const { body } = await app().get('/trees/oak/leaves').expect(200);
    expect(body).toHaveLength(3);
    await app().get('/trees/oak/leaves?limit=2').expect(200);
  });

  it.each(['limit=0', 'limit=', 'limit=1e0', 'limit=1&limit=2', 'other=1'])('refuses the query %s', async (query) => {
    const { body } = await app().get(`/trees/oak/leaves?${query}`).expect(400);
    expect(body).toMatchObject({ type: 'urn:problem:invalid-parameter', errors: [{ expected: expect.any(String) }] });
  });

  it('refuses an invalid header by name', async () => {
    const { body } = await app().post('/trees/oak/leaves').set('If-Match', 'x').send({ colour: 'red' }).expect(400);
    expect(body).toMatchObject({ type: 'urn:problem:invalid-header', errors: [{ field: 'If-Match' }] });
  });

  it('accepts only the media types that it declares', async () => {
    const post = (type: string) => app().post('/trees/oak/leaves').set('Content-Type', type).send('{"colour":"red"}');
    await post('application/merge-patch+json').expect(201);
    await post('application/json; charset=utf-8').expect(201);
    const { body } = await post('text/plain').expect(415);
    expect(body.remedy).toContain('application/merge-patch+json');
    await app().post('/trees/oak/leaves').expect(415);
    await app().put('/trees/oak/leaves').set('Content-Type', 'text/csv').send('a,b').expect(204);
    await app().put('/trees/oak/leaves').send({ a: 1 }).expect(415);
  });
});

describe('the OpenAPI document', () => {
  it('has the schemas that validate the request', async () => {
    const { get, post, put } = (await read()).paths['/trees/{tree}/leaves'];
    expect(get).toMatchObject({
      operationId: 'getTreesTreeLeaves',
      tags: ['Trees'],
      parameters: [
        { name: 'tree', in: 'path', required: true, example: 'oak', schema: { type: 'string', examples: ['oak'] } },
        {
          name: 'limit',
          in: 'query',
          required: false,
          example: 3,
          schema: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
        },
      ],
    });
    const leafBody = { schema: { $ref: '#/components/schemas/Leaf' }, example: { colour: 'red' } };
    expect(post.requestBody.content).toEqual({
      'application/merge-patch+json': leafBody,
      'application/json': leafBody,
    });
    expect(put.requestBody.content).toEqual({
      'text/csv': { schema: { type: 'string', format: 'binary' }, example: 'a,b' },
    });
  });

  it('lists the errors of each operation by status', async () => {
    const { get, post } = (await read()).paths['/trees/{tree}/leaves'];
    expect(Object.keys(get.responses)).toEqual(['200', '400', '404', '421']);
    expect(get.responses[404].content['application/problem+json'].schema.allOf[1]).toEqual({
      properties: { type: { enum: ['urn:problem:tree-unknown'] } },
    });
    expect(Object.keys(post.responses)).toEqual(['201', '400', '403', '413', '415', '421', '422']);
  });

  it('fails if an error code has no status', async () => {
    await app({}).get('/openapi.json').expect(500);
  });
});

describe('the page of the API', () => {
  it('loads everything from this service', async () => {
    const { text, headers } = await app().get('/docs').expect(200).expect('Content-Type', /html/);
    expect(headers['content-security-policy']).toMatch(/default-src 'none'.*script-src 'self';/);
    const loaded = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => String(path));
    expect(loaded).toContain('/docs/swagger-ui-bundle.js');
    expect(text).not.toMatch(/<script>|https?:/);
    for (const path of loaded) await app().get(path).expect(200);
    await app().get('/docs/index.html').expect(404);
  });

  it('has the title of the service, escaped', async () => {
    const title = 'Trees & <leaves> $&';
    const { text } = await request(createHttpApp({}, { ...createTestRuntime(), api: { ...api, title } })).get('/docs');
    expect(text).toContain('<title>Trees &amp; &lt;leaves&gt; $&amp; API</title>');
  });
});
