import { type AddressInfo, connect, createServer } from 'node:net';
import type { Express } from 'express';
import { ConfigError } from '../runtime/config-error.ts';
import { findListeningProcess } from '../runtime/listening-process.ts';
import { createExpressServer } from './server/express-server.ts';
import { type Http2Connections, separateHttp2 } from './server/http2-preface.ts';

export type { Http2Connections };

const drainTimeoutMs = 2_000;
/** 0.0.0.0 and :: listen on all addresses, but the service refuses requests with them as Host. */
const localhostAddresses = ['127.0.0.1', '0.0.0.0', '::'];

export type Listening = {
  url: string;
  /** Stops accepting connections, and resolves when the requests in flight are answered, or after 2 seconds. */
  close(): Promise<void>;
};

/**
 * Listens on host and port; with port 0 the system chooses a free one. `variable` is the environment variable that sets the port.
 * Connections that begin with HTTP/2 are passed to `http2`; without it the port speaks HTTP/1.1 only.
 * @throws ConfigError with the variable to set when the service cannot listen there
 */
export const listen = async (
  app: Express,
  { host, port, variable }: WantedPort,
  http2?: Http2Connections,
): Promise<Listening> => {
  const server = createExpressServer(app);
  const closeUndecided = http2 && separateHttp2(server, http2);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(mapListenError(error, { host, port, variable })));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${nameOf(host)}:${address.port}`,
    close: async () => {
      const isHttp2Closed = http2?.close(drainTimeoutMs);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        closeUndecided?.();
        // Without this, close would wait for connections that send no request.
        setTimeout(() => server.closeAllConnections(), drainTimeoutMs).unref();
      });
      await isHttp2Closed;
    },
  };
};

type WantedPort = {
  readonly host: string;
  readonly port: number;
  readonly variable: string;
  /** A sidecar waits until this port is open, so a check must not open it. */
  readonly hasSidecar?: boolean;
};

/**
 * Checks before anything else is done that all ports can be used; port 0 always can.
 * @throws ConfigError that names every port that cannot, with the variable that changes it and, where it is known, the process that uses it
 */
export const checkPorts = async (wanted: readonly WantedPort[]): Promise<void> => {
  const problems = await Promise.all(wanted.filter(({ port }) => port !== 0).map((one) => findProblem(one, wanted)));
  const messages = problems.flatMap((problem) => (problem === undefined ? [] : [problem.message]));
  if (messages.length > 0) throw new ConfigError([...new Set(messages)].join('\n'));
};

const findProblem = async (one: WantedPort, all: readonly WantedPort[]): Promise<ConfigError | undefined> => {
  const same = all.filter(({ port }) => port === one.port).map(({ variable }) => variable);
  if (same.length > 1)
    return new ConfigError(`${same.join(' and ')} are both ${one.port}: set another port for one of them.`);
  const error = one.hasSidecar ? await tryToConnect(one) : await tryPort(one);
  if (error) return mapListenError(error, one);
  // Clients try ::1 first for the localhost of our URLs, and would reach another program there. Without IPv6 there is none.
  const errorOnIpv6 = nameOf(one.host) === 'localhost' ? await tryPort({ ...one, host: '::1' }) : undefined;
  return errorOnIpv6?.code === 'EADDRINUSE' ? mapListenError(errorOnIpv6, one) : undefined;
};

const tryPort = ({ host, port }: Pick<WantedPort, 'host' | 'port'>): Promise<NodeJS.ErrnoException | undefined> => {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
};

const tryToConnect = async ({ host, port }: WantedPort): Promise<ListenError | undefined> => {
  const socket = connect(port, host);
  const isOpen = await new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen ? { code: 'EADDRINUSE', message: 'in use' } : undefined;
};

/** The name of a host in a URL. */
const nameOf = (host: string): string => {
  if (localhostAddresses.includes(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
};

type ListenError = Pick<NodeJS.ErrnoException, 'code' | 'message'>;

const mapListenError = (error: ListenError, { host, port, variable }: WantedPort): ConfigError => {
  if (error.code === 'EADDRINUSE')
    return new ConfigError(
      `Port ${port} is in use. Choose another: ${variable}=${port + 10} before the command.${describeUser(port)}`,
    );
  if (error.code === 'EACCES')
    return new ConfigError(
      `Port ${port} needs more rights than this user has. Choose one above 1023 with ${variable}.`,
    );
  if (error.code === 'EADDRNOTAVAIL') return new ConfigError(`HOST=${host} is not an address of this machine.`);
  return new ConfigError(`The service cannot listen on HOST=${host}: ${error.message}.`);
};

const describeUser = (port: number): string => {
  const user = findListeningProcess(port);
  return user ? ` It is used by process ${user.pid} (${user.command}).` : '';
};
