import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { connect as connectSocket, createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { callGrpc } from '../../tests/call-grpc.ts';
import { eventually } from '../../tests/eventually.ts';
import { readRequest } from './frame.ts';
import { createMessageWriter, finishFrame, writeTextField } from './message-writer.ts';
import { createGrpcServer, type GrpcCall, type GrpcMethod, type GrpcServer, parseTimeout } from './server.ts';
import { GrpcError, statusCodes } from './status.ts';

const frameOf = (text: string) => {
  const writer = createMessageWriter();
  writeTextField(writer, 1, text);
  return finishFrame(writer);
};

let errors: { method: string; message: string }[];
let grpc: GrpcServer;
let listener: Server;
let url: string;
const clients: ClientHttp2Session[] = [];

const start = async (methods: Record<string, GrpcMethod>, authorize: (call: GrpcCall) => GrpcError | undefined) => {
  grpc = createGrpcServer({
    methods,
    authorize,
    onError: ({ method }, { message }) => errors.push({ method, message }),
  });
  listener = createServer(grpc.accept).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`;
};
const connectClient = () => {
  const client = connect(url);
  client.on('error', () => {});
  clients.push(client);
  return client;
};
const request = (method: string, headers: Record<string, string> = {}) =>
  connectClient().request({ ':method': 'POST', ':path': method, 'content-type': 'application/grpc', ...headers });

beforeEach(() => {
  errors = [];
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await grpc.close(1_000);
  listener.close();
});

describe('a unary method', () => {
  beforeEach(() =>
    start(
      {
        '/echo': async (body) => Buffer.concat([Buffer.alloc(0), ...(await readAll(body))]),
        '/small': async (body) => frameOf(String((await readRequest(body, 100)).length)),
        '/fails': async () => {
          throw new Error('a secret of the service');
        },
        '/unimplemented': async () => {
          throw new GrpcError(statusCodes.unimplemented, 'a client inside it failed');
        },
        '/refuses': async () => {
          throw new GrpcError(statusCodes.unavailable, 'später, 100 %\n');
        },
        '/hangs': () => new Promise(() => {}),
      },
      ({ headers }) => (headers.token === 'no' ? new GrpcError(statusCodes.unauthenticated, 'who are you') : undefined),
    ),
  );
  const readAll = async (body: AsyncIterable<Buffer>) => {
    const chunks: Buffer[] = [];
    for await (const chunk of body) chunks.push(chunk);
    return chunks;
  };

  it('gets the request and answers with its response, up to many megabytes', async () => {
    for (const length of [0, 1, 100_000, 40_000_000]) {
      const frame = frameOf('x'.repeat(length));
      const { status, frame: response } = await callGrpc(url, '/echo', frame);
      expect(status).toBe(statusCodes.ok);
      expect(response.equals(frame)).toBe(true);
    }
  });

  it('answers its own status and message', async () => {
    const answer = await callGrpc(url, '/refuses', frameOf(''));
    expect(answer).toEqual({ status: statusCodes.unavailable, message: 'später, 100 %\n', frame: Buffer.alloc(0) });
  });

  it('reveals nothing of an unexpected error, which is reported once', async () => {
    const { status, message } = await callGrpc(url, '/fails', frameOf(''));
    expect([status, message]).toEqual([statusCodes.internal, 'the service failed']);
    expect(errors).toEqual([{ method: '/fails', message: 'a secret of the service' }]);
  });

  it('never answers UNIMPLEMENTED, even if it throws that', async () => {
    expect((await callGrpc(url, '/unimplemented', frameOf(''))).status).toBe(statusCodes.internal);
  });

  it('refuses a request above its limit, also while the client still sends', async () => {
    const parts = Array.from({ length: 2_000 }, () => Buffer.alloc(16_384));
    expect((await callGrpc(url, '/small', parts)).status).toBe(statusCodes.resourceExhausted);
    expect((await callGrpc(url, '/small', frameOf('x'))).status).toBe(statusCodes.ok);
  });

  it('is not called for a refused caller, whose request is not read', async () => {
    const parts = Array.from({ length: 2_000 }, () => Buffer.alloc(16_384));
    expect(await callGrpc(url, '/fails', parts, { token: 'no' })).toMatchObject({
      status: statusCodes.unauthenticated,
      message: 'who are you',
    });
    expect(errors).toEqual([]);
  });

  it('is answered with DEADLINE_EXCEEDED when the time of the client has passed', async () => {
    const { status } = await callGrpc(url, '/hangs', frameOf(''), { 'grpc-timeout': '20m' });
    expect(status).toBe(statusCodes.deadlineExceeded);
  });

  it('ends quietly when the client has gone before the response or during the request', async () => {
    for (const isWhole of [true, false]) {
      const stream = request('/echo');
      stream.on('error', () => {});
      await new Promise<void>((resolve) => void stream.write(Buffer.alloc(100), () => resolve()));
      if (isWhole) stream.end();
      stream.close(8);
      await once(stream, 'close');
    }
    expect((await callGrpc(url, '/echo', frameOf('x'))).status).toBe(statusCodes.ok);
    expect(errors).toEqual([]);
  });
});

describe('a request that is no gRPC call', () => {
  beforeEach(() => start({}, () => undefined));

  it.each([
    { ':method': 'GET', 'content-type': 'application/grpc' },
    { ':method': 'POST', 'content-type': 'application/json' },
    { ':method': 'POST', 'content-type': 'application/grpc-web' },
    { ':method': 'OPTIONS' },
  ])('is told to use HTTP/1.1: %j', async (headers) => {
    const stream = connectClient().request({ ':path': '/healthz', ...headers });
    const [response] = await once(stream.end(), 'response');
    expect(response[':status']).toBe(505);
    expect((await stream.toArray()).join('')).toMatch(/Use HTTP\/1\.1/);
  });

  it('of an unknown method is unimplemented, also one that every object has', async () => {
    for (const method of ['/none', '/toString', '/__proto__'])
      expect((await callGrpc(url, method, Buffer.alloc(5))).status).toBe(statusCodes.unimplemented);
  });
});

describe('close', () => {
  it('lets calls in flight end, and ends hanging ones after the given time', async () => {
    let answer = () => {};
    const called = vi.fn();
    await start(
      {
        '/slow': async () => {
          called();
          await new Promise<void>((resolve) => {
            answer = resolve;
          });
          return frameOf('late');
        },
        '/hangs': async () => {
          called();
          return new Promise(() => {});
        },
      },
      () => undefined,
    );
    const slow = request('/slow');
    slow.end(frameOf(''));
    const hanging = request('/hangs');
    hanging.on('error', () => {}).end(frameOf(''));
    await eventually(() => expect(called).toHaveBeenCalledTimes(2));
    const trailers = once(slow, 'trailers');
    const closed = grpc.close(100);
    answer();
    slow.resume();
    expect((await trailers)[0]['grpc-status']).toBe('0');
    await Promise.all([closed, once(hanging, 'close')]);
  });
});

it.each([
  ['500m', 500],
  ['2S', 2_000],
  ['1M', 60_000],
  ['1H', 3_600_000],
  ['2000u', 2],
  ['99999999H', 2 ** 31 - 1],
  ['123456789m', undefined],
  ['5', undefined],
  ['-1S', undefined],
  ['', undefined],
  [undefined, undefined],
])('the timeout %s is %s ms', (header, ms) => expect(parseTimeout(header)).toBe(ms));

describe('a connection', () => {
  const opening = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
  const open = async () => {
    const socket = connectSocket((listener.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    await once(socket, 'connect');
    return socket;
  };
  it('that is never ended by its client does not hold up close()', async () => {
    await start({}, () => undefined);
    const socket = await open();
    socket.write(opening);
    await once(socket, 'readable');
    socket.pause();
    await grpc.close(50);
    socket.resume();
    await once(socket, 'close');
  });
});
