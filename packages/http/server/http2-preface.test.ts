import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import express from 'express';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { eventually } from '../../../tests/eventually.ts';
import { createGrpcServer } from '../../grpc/server.ts';
import { GrpcError, statusCodes } from '../../grpc/status.ts';
import { type Listening, listen } from '../listen.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const request = 'POST /things HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\nab';

let server: Listening;
const sockets: Socket[] = [];
beforeEach(async () => {
  const app = express().post('/things', async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    res.send(body);
  });
  const grpc = createGrpcServer({
    methods: { '/method': async () => Buffer.alloc(5) },
    authorize: ({ headers }) =>
      headers.token === 'no' ? new GrpcError(statusCodes.unauthenticated, 'who are you') : undefined,
    onError: () => {},
  });
  server = await listen(app, { host: '127.0.0.1', port: 0, variable: 'PORT' }, grpc);
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server.close();
  vi.useRealTimers();
});

const open = async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
};
const readAll = async (socket: Socket) => {
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
};
const sendBytewise = async (socket: Socket, text: string) => {
  socket.setNoDelay(true);
  for (const byte of Buffer.from(text)) {
    await new Promise((resolve) => socket.write(Buffer.of(byte), resolve));
    await new Promise(setImmediate);
  }
};

describe('a port with both protocols', () => {
  it('answers an HTTP/1.1 request that arrives whole, with its end, or byte by byte', async () => {
    for (const send of [
      (socket: Socket) => socket.write(request),
      (socket: Socket) => socket.end(request),
      (socket: Socket) => sendBytewise(socket, request),
    ]) {
      const socket = await open();
      await send(socket);
      expect(await readAll(socket)).toMatch(/^HTTP\/1.1 200 OK[\s\S]*\r\n\r\nab$/);
    }
  });

  it('tells a client of another HTTP/2 resource to use HTTP/1.1', async () => {
    const client = connectHttp2(server.url);
    const stream = client.request({ ':path': '/healthz' });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(505);
    expect((await stream.toArray()).join('')).toMatch(/Use HTTP\/1\.1\./);
    client.destroy();
  });

  it('speaks HTTP/2 also if the preface arrives byte by byte', async () => {
    const socket = await open();
    const emptySettings = '\0\0\0\x04\0\0\0\0\0';
    await sendBytewise(socket, `${preface}${emptySettings}`);
    const [frame] = await once(socket, 'data');
    expect(frame[3]).toBe(4);
  });

  it('closes a connection that ends inside the preface, and one that ends without a byte', async () => {
    for (const text of ['P', preface.slice(0, -1), '']) {
      const socket = await open();
      socket.end(text);
      expect(await readAll(socket)).toBe('');
    }
  });

  it('answers garbage after the first bytes of the preface like any malformed request', async () => {
    const socket = await open();
    socket.write('PRI * HTTP/2.0\r\n\r\nGARBAGE');
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 400 /);
  });

  it('closes a connection that sends garbage after the preface', async () => {
    const socket = await open();
    socket.on('error', () => {});
    socket.write(`${preface}${'x'.repeat(100)}`);
    await once(socket.resume(), 'close');
  });

  it('leaves a connection that sends nothing to the timeouts of HTTP/1.1', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const socket = await open();
    await eventually(() => {
      vi.advanceTimersByTime(5_000);
      expect(vi.getTimerCount()).toBe(0);
    });
    vi.useRealTimers();
    socket.write(request);
    expect(await readAll(socket)).toMatch(/^HTTP\/1.1 200 OK/);
  });

  it('ends all connections when it closes', async () => {
    const undecided = await open();
    const http2 = connectHttp2(server.url);
    await once(http2, 'connect');
    const ended = Promise.all([once(undecided.resume(), 'close'), once(http2, 'close')]);
    await server.close();
    await ended;
  });
});

describe('a call that is cancelled in the packet of its request', () => {
  const httpFrame = (type: number, flags: number, stream: number, payload: Buffer) => {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head[3] = type;
    head[4] = flags;
    head.writeUInt32BE(stream, 5);
    return Buffer.concat([head, payload]);
  };
  const literal = (name: string, value: string) =>
    Buffer.concat([Buffer.of(0, name.length), Buffer.from(name), Buffer.of(value.length), Buffer.from(value)]);
  const headers = (fields: Record<string, string>) =>
    Buffer.concat(
      Object.entries({ ':scheme': 'http', ':authority': 'localhost', ...fields }).map(([n, v]) => literal(n, v)),
    );
  const opening = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), httpFrame(4, 0, 0, Buffer.alloc(0))]);
  const reset = httpFrame(3, 0, 1, Buffer.of(0, 0, 0, 8));
  const grpcCall = (path: string, more = {}) => ({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    ...more,
  });

  it.each<[string, Record<string, string>]>([
    ['for another resource', { ':method': 'GET', ':path': '/' }],
    ['that is refused', grpcCall('/method', { token: 'no' })],
    ['of an unknown method', grpcCall('/other')],
    ['of a method', grpcCall('/method')],
  ])('ends nothing: %s', async (_, fields) => {
    const socket = await open();
    socket.write(Buffer.concat([opening, httpFrame(1, 4, 1, headers(fields)), reset]));
    await once(socket, 'data');
    await new Promise(setImmediate);
    const other = await open();
    other.write(request);
    expect(await readAll(other)).toMatch(/^HTTP\/1.1 200 OK/);
  });
});
