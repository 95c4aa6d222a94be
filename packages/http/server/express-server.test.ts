import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import express from 'express';
import request from 'supertest';
import { expect, it } from 'vitest';
import { createExpressServer } from './express-server.ts';

it('creates requests and responses with the prototypes of Express, and Express works on them', async () => {
  const app = express();
  let hasExpressPrototypes = false;
  // Checked before Express handles them.
  const server = createExpressServer(app).prependListener('request', (req, res) => {
    hasExpressPrototypes = Object.getPrototypeOf(req) === app.request && Object.getPrototypeOf(res) === app.response;
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
  expect(hasExpressPrototypes).toBe(true);
});

it('aborts a started response when the client sends invalid HTTP, without writing an error into it', async () => {
  const app = express();
  app.get('/', (_req, res) => void res.write('begun'));
  const server = createExpressServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  let answer = '';
  socket.on('data', (bytes) => {
    answer += bytes;
    if (answer.includes('begun')) socket.write('no HTTP\r\n\r\n');
  });
  socket.on('error', () => {}); // the server resets the connection
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await once(socket, 'close');
  server.close();
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
});
