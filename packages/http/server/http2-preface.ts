import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** A server of HTTP/2 connections on the port of an HTTP/1.1 server. */
export type Http2Connections = {
  /** Takes over a connection that begins with the preface of HTTP/2; its unread bytes are in the socket. */
  accept(socket: Socket): void;
  /** Resolves when the requests in flight are answered, or after `drainTimeoutMs`. */
  close(drainTimeoutMs: number): Promise<void>;
};

/** The first bytes of a client that knows that the server speaks HTTP/2 (RFC 9113, section 3.4). */
const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
/** After this time HTTP/1.1 decides about the connection, with its own timeouts. */
const prefaceTimeoutMs = 5_000;

/**
 * Lets an HTTP/1.1 server pass connections that begin with the preface of HTTP/2 to `http2`. A connection without a first byte costs
 * one timer, then the timeouts of HTTP/1.1 apply.
 * @returns a function that ends the connections that have not been passed on
 */
export const separateHttp2 = (server: Server, http2: Http2Connections): (() => void) => {
  const acceptHttp1 = server.listeners('connection') as ((socket: Socket) => void)[];
  const undecided = new Set<Socket>();
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    undecided.add(socket);
    detectHttp2(socket, (isHttp2) => {
      undecided.delete(socket);
      if (socket.destroyed) return;
      if (isHttp2) http2.accept(socket);
      else for (const accept of acceptHttp1) accept.call(server, socket);
    });
  });
  return () => {
    for (const socket of undecided) socket.destroy();
  };
};

/** Reads until the bytes differ from the preface, and puts them back. */
const detectHttp2 = (socket: Socket, decide: (isHttp2: boolean) => void): void => {
  let received: Buffer = Buffer.alloc(0);
  const finish = (isHttp2: boolean) => {
    clearTimeout(timer);
    socket.off('readable', read).off('error', fail).off('close', fail).off('end', end);
    if (received.length > 0 && !socket.destroyed) socket.unshift(received);
    decide(isHttp2);
  };
  const fail = () => finish(false);
  // Neither protocol has a request of so few bytes.
  const end = () => {
    socket.destroy();
    finish(false);
  };
  const read = () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) received = Buffer.concat([received, chunk]);
    const length = Math.min(received.length, preface.length);
    if (received.compare(preface, 0, length, 0, length) !== 0) finish(false);
    else if (length === preface.length) finish(true);
  };
  const timer = setTimeout(finish, prefaceTimeoutMs, false);
  socket.on('readable', read).on('error', fail).on('close', fail).on('end', end);
};
