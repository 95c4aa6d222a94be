import { connect } from 'node:net';

export type Load = { requests: number; seconds: number; latenciesMs: number[] };

/** A GET, or a POST of `json`. `status` is the expected one; default 200. */
type LoadRequest = {
  readonly path: string;
  readonly json?: object;
  readonly status?: number;
  readonly isCorrect: (body: string) => boolean;
};

/**
 * Sends requests continuously on `connections` connections, one in flight on each, for `seconds`. It uses plain sockets, because a
 * full HTTP client would need more CPU than the measured service.
 * @throws Error with the first answer that has another status or that `isCorrect` refuses
 */
export const loadHttp = async (
  { host, port, connections, seconds }: { host: string; port: number; connections: number; seconds: number },
  nextQuery: () => LoadRequest,
): Promise<Load> => {
  const latenciesMs: number[] = [];
  const began = performance.now();
  const deadline = began + seconds * 1000;
  const sendRequests = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      let query = nextQuery();
      let sent = 0;
      let received = '';
      const send = () => {
        query = nextQuery();
        sent = performance.now();
        received = '';
        socket.write(formatRequest(`${host}:${port}`, query));
      };
      socket.setEncoding('latin1');
      socket.once('connect', send);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('the server closed the connection')));
      socket.on('data', (text: string) => {
        received += text;
        const body = bodyOf(received);
        if (body === undefined) return;
        latenciesMs.push(performance.now() - sent);
        if (!received.startsWith(`HTTP/1.1 ${query.status ?? 200}`) || !query.isCorrect(body))
          reject(new Error(`${query.path} was answered: ${received.slice(0, 500)}`));
        else if (performance.now() < deadline) return send();
        else resolve();
        socket.removeAllListeners('close').destroy();
      });
    });
  await Promise.all(Array.from({ length: connections }, sendRequests));
  return { requests: latenciesMs.length, seconds: (performance.now() - began) / 1000, latenciesMs };
};

const formatRequest = (host: string, { path, json }: LoadRequest): string => {
  if (!json) return `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
  const body = JSON.stringify(json);
  const headers = `Host: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}`;
  return `POST ${path} HTTP/1.1\r\n${headers}\r\n\r\n${body}`;
};

/** The body of a response, once it is complete. */
const bodyOf = (received: string): string | undefined => {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
  const body = received.slice(end + 4);
  return body.length >= length ? body : undefined;
};
