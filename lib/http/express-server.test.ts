import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { expressServer } from './express-server.ts';

it('serves an app whose requests and responses need no other prototype, and do all that Express promises', async () => {
  const app = express();
  let isAsBorn = false;
  // Before Express has touched them.
  const server = expressServer(app).prependListener('request', (req, res) => {
    isAsBorn = Object.getPrototypeOf(req) === app.request && Object.getPrototypeOf(res) === app.response;
  });
  app.get('/things/:id', (req, res) => {
    const { params, query, protocol, hostname, path } = req;
    res.set('X-Same', String(req.app === app && res.app === app)).json({ params, query, protocol, hostname, path });
  });
  const { body, headers } = await request(server).get('/things/7?size=2').expect(200);
  expect(body).toEqual({
    params: { id: '7' },
    query: { size: '2' },
    protocol: 'http',
    hostname: '127.0.0.1',
    path: '/things/7',
  });
  expect(headers['x-same']).toBe('true');
  expect(isAsBorn).toBe(true);
});
