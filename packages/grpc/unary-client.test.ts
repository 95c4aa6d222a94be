import { constants, createServer } from 'node:http2';
import { createServer as createSocketServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../tests/eventually.ts';
import {
  type Answer,
  afterTest,
  echo,
  end,
  frame,
  listenOnFreePort,
  startUnaryServer,
} from '../../tests/unary-server.ts';
import { GrpcError, statusCodes } from './status.ts';
import { createUnaryClient, ServerUnreachable, type UnaryCall } from './unary-client.ts';

type Options = { timeoutMs?: number; verify?: (call: UnaryCall) => Promise<void>; maxCallsPerConnection?: number };

const connect = (port: number, options: Options = {}) => {
  const client = createUnaryClient({
    port,
    headers: { token: 's' },
    timeoutMs: 5_000,
    maxResponseBytes: 1e6,
    ...options,
  });
  afterTest(client.close);
  return (text = 'hello') => client.call('/service/Method', frame(text)).then(String);
};

describe('a unary call', () => {
  it('returns the message of the response, over one connection', async () => {
    const seen: unknown[] = [];
    const server = await startUnaryServer((stream, request, headers) => {
      seen.push([headers[':path'], headers['content-type'], headers.te, headers.token]);
      echo(stream, request, headers);
    });
    const call = connect(server.port);
    const texts = ['one', '', 'x'.repeat(900_000)];
    expect(await Promise.all(texts.map((text) => call(text)))).toEqual(texts);
    expect(seen[0]).toEqual(['/service/Method', 'application/grpc', 'trailers', 's']);
    expect(server.sessions).toHaveLength(1);
  });

  it('opens another connection before the numbers of the calls are used up', async () => {
    const server = await startUnaryServer(echo);
    const call = connect(server.port, { maxCallsPerConnection: 2 });
    for (const text of ['one', 'two', 'three', 'four', 'five']) expect(await call(text)).toBe(text);
    expect(server.sessions).toHaveLength(3);
  });

  it('fails if the client is closed while it connects', async () => {
    const server = await startUnaryServer(echo);
    for (let round = 0; round < 20; round++) {
      const client = createUnaryClient({ port: server.port, headers: {}, timeoutMs: 5_000, maxResponseBytes: 1e6 });
      const answer = client.call('/service/Method', frame('x')).then(String, () => 'failed');
      await new Promise(setImmediate);
      client.close();
      expect(['x', 'failed']).toContain(await answer);
    }
  });

  it('fails with the status of the server, in trailers or in headers', async () => {
    const refusal = { 'grpc-status': '13', 'grpc-message': 'caf%C3%A9 closed' };
    const server = await startUnaryServer((stream, request) => {
      if (String(request).endsWith('headers')) stream.respond(refusal, { endStream: true });
      else end(stream, refusal, frame('half an answer'));
    });
    const call = connect(server.port);
    for (const where of ['headers', 'trailers'])
      await expect(call(where)).rejects.toMatchObject({ name: 'GrpcError', code: 13, message: 'café closed' });
  });

  it('may be answered before its request was read', async () => {
    const server = createServer();
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      stream.respond({ 'grpc-status': '8', 'grpc-message': 'larger than max' }, { endStream: true });
      // Node 22 drops the response if the stream is reset in the same turn.
      setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
    });
    const port = await listenOnFreePort(server);
    await expect(connect(port)('x'.repeat(500_000))).rejects.toMatchObject({ code: statusCodes.resourceExhausted });
  });

  it('refuses a response that is too large, and the next call succeeds', async () => {
    const server = await startUnaryServer((stream, request) =>
      end(stream, { 'grpc-status': '0' }, String(request).endsWith('large') ? Buffer.alloc(2e6) : request),
    );
    const call = connect(server.port);
    await expect(call('large')).rejects.toMatchObject({ code: statusCodes.resourceExhausted });
    expect(await call('small')).toBe('small');
  });

  it.each<[string, Answer]>([
    ['no status', (stream) => end(stream, {}, frame('answer'))],
    ['another protocol', (stream) => stream.respond({ ':status': 404 }, { endStream: true })],
    ['a reset', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
    ['a lost connection', (stream) => stream.session?.destroy()],
  ])('does not succeed with %s', async (_, answer) => {
    const { port } = await startUnaryServer(answer);
    await expect(connect(port)()).rejects.toThrow(ServerUnreachable);
  });

  it.each([
    ['a compressed message', Buffer.from([1, 0, 0, 0, 0])],
    ['half a message', frame('hello').subarray(0, 7)],
    ['no message', Buffer.alloc(0)],
  ])('does not succeed with %s', async (_, body) => {
    const { port } = await startUnaryServer((stream) => end(stream, { 'grpc-status': '0' }, body));
    await expect(connect(port)()).rejects.toThrow(GrpcError);
  });
});

describe('the connection', () => {
  it('is opened again after the server was restarted', async () => {
    const first = await startUnaryServer(echo);
    const call = connect(first.port);
    await call();
    first.stop();
    await eventually(() => expect(first.sockets.size).toBe(0));
    await expect(call()).rejects.toThrow(`connect ECONNREFUSED 127.0.0.1:${first.port}`);
    const second = createServer();
    second.on('stream', (stream) => end(stream, { 'grpc-status': '0' }, frame('again')));
    await new Promise<void>((resolve) => void second.listen(first.port, '127.0.0.1', resolve));
    afterTest(() => second.close());
    expect(await call()).toBe('again');
  });

  it('is replaced when the server announces its end, while calls in flight finish', async () => {
    const waiting: (() => void)[] = [];
    const server = await startUnaryServer((stream, request, headers) => {
      if (String(request).endsWith('slow')) waiting.push(() => echo(stream, request, headers));
      else echo(stream, request, headers);
    });
    const call = connect(server.port);
    const slow = call('slow');
    await eventually(() => expect(waiting).toHaveLength(1));
    server.sessions[0]?.goaway(constants.NGHTTP2_NO_ERROR);
    await eventually(async () => {
      await call();
      expect(server.sessions).toHaveLength(2);
    });
    waiting[0]?.();
    expect(await slow).toBe('slow');
    await eventually(() => expect(server.sockets.size).toBe(1));
  });

  it('loses no call that the server refused unread', async () => {
    let calls = 0;
    const server = await startUnaryServer((stream, request, headers) => {
      if (++calls === 1) stream.close(constants.NGHTTP2_REFUSED_STREAM);
      else echo(stream, request, headers);
    });
    expect(await connect(server.port)()).toBe('hello');
    expect(calls).toBe(2);
  });

  it('is replaced after a call without an answer', async () => {
    const server = await startUnaryServer((stream, request, headers) => {
      if (server.sessions.length > 1) echo(stream, request, headers);
    });
    const call = connect(server.port, { timeoutMs: 2_000 });
    await expect(call()).rejects.toThrow('no answer within 2 s');
    expect(await call()).toBe('hello');
    await eventually(() => expect(server.sockets.size).toBe(1));
  });

  it('does not wait for a peer that accepts and never reads', async () => {
    const sockets: Socket[] = [];
    const server = createSocketServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => sockets.push(socket));
    const port = await listenOnFreePort(server);
    afterTest(() => {
      for (const socket of sockets) socket.destroy();
    });
    const call = connect(port, { timeoutMs: 100 });
    const calls = [call('x'.repeat(5e6)), call()];
    for (const one of calls) await expect(one).rejects.toThrow('no answer within 0.1 s');
    const openSockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap');
    await eventually(() => expect(openSockets()).toHaveLength(sockets.length));
  });

  it('is not one to a server of another protocol', async () => {
    const server = createSocketServer((socket) => {
      socket.on('error', () => {});
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    const port = await listenOnFreePort(server);
    await expect(connect(port)()).rejects.toThrow(ServerUnreachable);
  });

  it('is verified before its first call, and again after it was lost', async () => {
    const server = await startUnaryServer(echo);
    const order: string[] = [];
    const call = connect(server.port, {
      verify: async (send) => {
        order.push(`verified by ${await send('/service/Verify', frame('who?')).then(String)}`);
      },
    });
    await Promise.all([call(), call()].map((one) => one.then(() => order.push('called'))));
    server.destroy();
    await eventually(() => expect(server.sockets.size).toBe(0));
    await eventually(() => call());
    expect(order).toEqual(['verified by who?', 'called', 'called', 'verified by who?']);
  });

  it('that fails the verification is not used', async () => {
    const server = await startUnaryServer(echo);
    const call = connect(server.port, { verify: () => Promise.reject(new Error('foreign')) });
    await expect(Promise.all([call(), call()])).rejects.toThrow('foreign');
    await eventually(() => expect(server.sockets.size).toBe(0));
  });
});
