import {
  constants,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { canRespond, refuseOtherRequest, sendError, sendResponse } from './server/respond.ts';
import { GrpcError, statusCodes } from './status.ts';

/** What is known of a call before its request arrives. */
export type GrpcCall = {
  /** `/package.Service/Method` */
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly remoteAddress: string | undefined;
};

/**
 * A unary method. `request` has the bytes of the request in its frame, as they arrive.
 * @returns the response in its frame
 * @throws GrpcError with the status of the response; every other error becomes INTERNAL
 */
export type GrpcMethod = (request: AsyncIterable<Buffer>) => Promise<Buffer>;

/** Serves HTTP/2 connections that another server has accepted. */
export type GrpcServer = {
  /** Takes over a connection whose bytes begin with the preface of HTTP/2; unread bytes are in the socket. */
  accept(socket: Socket): void;
  /** Refuses new calls, and resolves when the calls in flight are answered, or after `drainTimeoutMs`. */
  close(drainTimeoutMs: number): Promise<void>;
};

type GrpcServerOptions = {
  readonly methods: Readonly<Record<string, GrpcMethod>>;
  /** @returns why the call is refused, before its request is read, or undefined */
  readonly authorize: (call: GrpcCall) => GrpcError | undefined;
  /** Called for a call that failed, unless the caller has gone. */
  readonly onError: (call: GrpcCall, error: Error) => void;
};

/** What one request, and all requests of a connection, may send ahead of their reader. */
const requestWindowBytes = 8 * 1024 * 1024;
const connectionWindowBytes = 16 * 1024 * 1024;
const maxConcurrentStreams = 128;
/** Node's limit for an HTTP/1.1 request is the same. */
const requestTimeoutMs = 300_000;
/** A client connects again with its next call. */
const idleTimeoutMs = 120_000;
/** How long a peer may take to end its side of a socket. */
const lingerMs = 2_000;

/**
 * A gRPC server over node:http2 for unary methods. A method in `methods` is never answered with UNIMPLEMENTED, which some clients take
 * for an answer. Requests without compression only.
 */
export const createGrpcServer = ({ methods, authorize, onError }: GrpcServerOptions): GrpcServer => {
  const server = createServer({ settings: { initialWindowSize: requestWindowBytes, maxConcurrentStreams } });
  const connections = new Map<Socket, ServerHttp2Session>();
  const track = (session: ServerHttp2Session, socket: Socket) => {
    connections.set(socket, session);
    socket.once('close', () => connections.delete(socket));
    session.setLocalWindowSize(connectionWindowBytes);
    // close() lets the calls in flight end.
    session.setTimeout(idleTimeoutMs, () => session.close());
    // The session only ends its side of the socket. A paused or vanished peer never ends the other side.
    session.once('close', () => setTimeout(() => socket.destroy(), lingerMs).unref());
    // A broken connection ends its streams, which report it.
    session.on('error', () => {});
  };
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    // The handler of the call sees a broken stream when it reads or writes.
    stream.on('error', () => {});
    if (!isGrpc(headers)) return refuseOtherRequest(stream);
    const call = {
      method: String(headers[':path']),
      headers,
      remoteAddress: stream.session?.socket?.remoteAddress,
    };
    const refusal = authorize(call);
    if (refusal) return sendError(stream, refusal);
    const method = Object.hasOwn(methods, call.method) ? methods[call.method] : undefined;
    if (!method)
      return sendError(stream, new GrpcError(statusCodes.unimplemented, `there is no method ${call.method}`));
    void answer(stream, call, method, onError);
  });

  return {
    accept: (socket) => {
      socket.setNoDelay(true);
      const trackOwn = (session: ServerHttp2Session) => track(session, socket);
      server.once('session', trackOwn);
      server.emit('connection', socket);
      server.off('session', trackOwn);
    },
    close: async (drainTimeoutMs) => {
      const timer = setTimeout(() => {
        for (const socket of connections.keys()) socket.destroy();
      }, drainTimeoutMs);
      // events.once would reject after a reset.
      const closed = [...connections.keys()].map(
        (socket) => new Promise((resolve) => void socket.once('close', resolve)),
      );
      for (const session of connections.values()) session.close();
      await Promise.all(closed);
      clearTimeout(timer);
    },
  };
};

const isGrpc = ({ ':method': method, 'content-type': type }: IncomingHttpHeaders) =>
  method === 'POST' && /^application\/grpc(\+proto)?(;|$)/.test(type ?? '');

/** Reads the request and answers it once: with the response, an error, or DEADLINE_EXCEEDED. */
const answer = async (
  stream: ServerHttp2Stream,
  call: GrpcCall,
  method: GrpcMethod,
  onError: GrpcServerOptions['onError'],
): Promise<void> => {
  const deadlineMs = parseTimeout(call.headers['grpc-timeout']);
  const deadline = deadlineMs === undefined ? undefined : setTimeout(expire, deadlineMs, stream);
  stream.setTimeout(requestTimeoutMs, () => stream.close(constants.NGHTTP2_CANCEL));
  stream.on('end', () => stream.setTimeout(0));
  try {
    // Keep the stream open after an error, because the response uses it.
    const response = await method(stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>);
    if (canRespond(stream)) sendResponse(stream, response);
  } catch (error) {
    if (!canRespond(stream)) return;
    onError(call, error as Error);
    sendError(stream, describeFailure(error));
  } finally {
    clearTimeout(deadline);
  }
};

/** The status of a failed method: never UNIMPLEMENTED, and an unexpected error reveals nothing. */
const describeFailure = (error: unknown): GrpcError =>
  error instanceof GrpcError && error.code !== statusCodes.unimplemented
    ? error
    : new GrpcError(statusCodes.internal, 'the service failed');

const expire = (stream: ServerHttp2Stream) =>
  sendError(stream, new GrpcError(statusCodes.deadlineExceeded, 'the deadline has passed'));

const millisecondsByUnit: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};
/** The longest delay of a Node timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Reads the header `grpc-timeout`, such as 500m. @returns milliseconds, or undefined without a valid timeout */
export const parseTimeout = (header: string | string[] | undefined): number | undefined => {
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(String(header)) ?? [];
  const factor = millisecondsByUnit[unit];
  return factor === undefined ? undefined : Math.min(Number(digits) * factor, maxTimerMs);
};
