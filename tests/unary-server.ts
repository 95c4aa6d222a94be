import { createServer, type Http2Server, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach } from 'vitest';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** Calls it after the test. */
export const afterTest = (close: () => void): void => void closing.push(close);

/** How the test answers a call; `request` is the frame that was sent. */
export type Answer = (stream: ServerHttp2Stream, request: Buffer, headers: Record<string, unknown>) => void;

/** Listens on a free port of loopback until the test ends. @returns the port */
export const listenOnFreePort = async (server: Server | Http2Server): Promise<number> => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  afterTest(() => server.close());
  return (server.address() as AddressInfo).port;
};

/** A message in an uncompressed gRPC frame. */
export const frame = (content: string | Uint8Array): Buffer => {
  const message = Buffer.from(content);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
};
export const end = (stream: ServerHttp2Stream, trailers: Record<string, string>, body?: Buffer): void => {
  if (stream.destroyed) return;
  stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers(trailers));
  stream.end(body);
};
export const echo: Answer = (stream, request) => end(stream, { 'grpc-status': '0' }, request);

/** A gRPC server that answers as the test says; it records its sessions and sockets. */
export const startUnaryServer = async (answer: Answer) => {
  const sessions: ServerHttp2Session[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ settings: { initialWindowSize: 1 << 20 } });
  server.on('session', (session) => sessions.push(session));
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(chunks), headers));
  });
  const port = await listenOnFreePort(server);
  const destroy = () => {
    for (const socket of sockets) socket.destroy();
  };
  const stop = () => {
    server.close();
    destroy();
  };
  afterTest(stop);
  return { port, sessions, sockets, destroy, stop };
};
