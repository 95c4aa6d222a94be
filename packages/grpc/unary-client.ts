import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import { ExpectedError } from '../runtime/expected-error.ts';
import { parseFrame } from './frame.ts';
import { decodeStatusMessage, GrpcError, statusCodes } from './status.ts';

/**
 * Calls a method with one request message.
 * @param path the method, as in /package.Service/Method
 * @param frame the request in its frame; it must not change until the call has ended
 * @returns the message of the response
 * @throws GrpcError with the status of the server
 * @throws ServerUnreachable if the connection fails or the server does not answer in time; the call may have been executed
 */
export type UnaryCall = (path: string, frame: Buffer) => Promise<Buffer>;

/** A client of one server on this machine. A call opens the connection, and opens it again after it was lost. */
export type UnaryClient = { readonly call: UnaryCall; close(): void };

/** The server did not answer the call. */
export class ServerUnreachable extends ExpectedError {
  override name = 'ServerUnreachable';
}

/** The server never saw the call, so it can be sent again. */
class CallNotSent extends ServerUnreachable {}

type Settings = {
  port: number;
  /** Sent with each call. */
  headers: Readonly<Record<string, string>>;
  /** How long a call may take. The first call of a connection waits for `verify` as well. */
  timeoutMs: number;
  /** A larger response fails with RESOURCE_EXHAUSTED. */
  maxResponseBytes: number;
  /** Called for each new connection. Other calls wait for it, and fail with its error. */
  verify?: (call: UnaryCall) => Promise<void>;
  /** HTTP/2 has 2^30 stream ids for the calls of a connection. */
  maxCallsPerConnection?: number;
};

type Connection = {
  readonly session: ClientHttp2Session;
  /** Set before the first call. */
  verified: Promise<void>;
  inFlight: number;
  calls: number;
  isRetired: boolean;
};

/** Large enough that a response never waits for a window update, which would cost a round trip per window. */
const windowBytes = 16 * 1024 * 1024;
/** In MB. Node refuses calls above it; requests and responses of several megabytes may be in flight. */
const maxSessionMemory = 1_024;

/** Creates a client; it connects with the first call. */
export const createUnaryClient = ({
  port,
  headers,
  timeoutMs,
  maxResponseBytes,
  verify,
  maxCallsPerConnection = 2 ** 29,
}: Settings): UnaryClient => {
  let current: Connection | undefined;
  const connections = new Set<Connection>();

  /** New calls open another connection. This one ends after its calls, without waiting for a peer that may have vanished. */
  const retire = (connection: Connection) => {
    connection.isRetired = true;
    if (current === connection) current = undefined;
    if (connection.inFlight === 0) connection.session.destroy();
  };

  const open = (): Connection => {
    const session = connectHttp2(`http://127.0.0.1:${port}`, {
      createConnection: () => connectSocket({ host: '127.0.0.1', port, noDelay: true }),
      settings: { initialWindowSize: windowBytes, enablePush: false },
      maxSessionMemory,
    });
    const connection: Connection = { session, verified: Promise.resolve(), inFlight: 0, calls: 0, isRetired: false };
    connections.add(connection);
    session.once('connect', () => {
      if (!session.destroyed) session.setLocalWindowSize(windowBytes);
    });
    session.on('goaway', () => retire(connection));
    session.on('error', () => retire(connection)); // Its calls get the error.
    session.once('close', () => {
      retire(connection);
      connections.delete(connection);
    });
    if (verify) connection.verified = verify((path, frame) => send(connection, path, frame));
    connection.verified.catch(() => retire(connection));
    return connection;
  };

  const send = async (connection: Connection, path: string, frame: Buffer): Promise<Buffer> => {
    const { session } = connection;
    if (session.closed || session.destroyed) throw new CallNotSent('the connection was closed');
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      // A connection whose peer vanished looks like a slow server, so the next call gets a new one.
      retire(connection);
      stream.close(constants.NGHTTP2_CANCEL);
      stream.destroy();
    }, timeoutMs);
    connection.inFlight++;
    connection.calls++;
    if (connection.calls >= maxCallsPerConnection) retire(connection);
    stream.end(frame);
    try {
      return await receive(stream, maxResponseBytes);
    } catch (error) {
      throw isLate ? new ServerUnreachable(`no answer within ${timeoutMs / 1000} s`) : error;
    } finally {
      clearTimeout(timer);
      connection.inFlight--;
      if (connection.isRetired) retire(connection);
    }
  };

  const call: UnaryCall = async (path, frame) => {
    current ??= open();
    const connection = current;
    await connection.verified;
    return send(connection, path, frame);
  };

  return {
    call: (path, frame) =>
      call(path, frame).catch((error: unknown) => {
        if (error instanceof CallNotSent) return call(path, frame);
        throw error;
      }),
    close: () => {
      for (const { session } of connections) session.destroy();
    },
  };
};

/** Resolves with the message of the response. @throws GrpcError, ServerUnreachable or CallNotSent */
const receive = (stream: ClientHttp2Stream, maxBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status: { code: number; message: string } | undefined;
    let failure: Error | undefined;
    const readStatus = (headers: Readonly<Record<string, unknown>>) => {
      const code = headers['grpc-status'];
      if (code !== undefined)
        status = { code: Number(code), message: decodeStatusMessage(String(headers['grpc-message'] ?? '')) };
    };
    stream.on('response', (headers) => {
      const { ':status': httpStatus } = headers;
      if (httpStatus === 200) readStatus(headers);
      else failure = new ServerUnreachable(`HTTP status ${httpStatus}`);
    });
    stream.on('trailers', readStatus);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      chunks.push(chunk);
      if (bytes <= maxBytes) return;
      failure = new GrpcError(statusCodes.resourceExhausted, `the response is larger than max (${maxBytes} bytes)`);
      stream.close(constants.NGHTTP2_CANCEL);
    });
    stream.on('error', (error: Error & { cause?: Error }) => {
      failure ??= new ServerUnreachable((error.cause ?? error).message);
    });
    stream.on('close', () => {
      if (stream.rstCode === constants.NGHTTP2_REFUSED_STREAM) return reject(new CallNotSent('the call was refused'));
      if (status && status.code !== statusCodes.ok) return reject(new GrpcError(status.code, status.message));
      if (failure) return reject(failure);
      if (!status) return reject(new ServerUnreachable('the response has no status'));
      try {
        resolve(parseFrame(Buffer.concat(chunks, bytes)));
      } catch (error) {
        reject(error);
      }
    });
  });
