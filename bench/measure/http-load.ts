import { connect } from 'node:net';

export type Load = { requests: number; seconds: number; latenciesMs: number[] };

/**
 * Asks again and again on so many connections, one request in flight on each, until the time is over. Speaks HTTP over
 * plain sockets, for a full client would take more of the machine than what is measured.
 * @throws Error with the first answer that `isRight` refuses, or that is not 200
 */
export const loadHttp = async (
  { host, port, connections, seconds }: { host: string; port: number; connections: number; seconds: number },
  ask: () => { path: string; isRight: (body: string) => boolean },
): Promise<Load> => {
  const latenciesMs: number[] = [];
  const began = performance.now();
  const deadline = began + seconds * 1000;
  const converse = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true });
      let asked = ask();
      let sent = 0;
      let received = '';
      const send = () => {
        asked = ask();
        sent = performance.now();
        received = '';
        socket.write(`GET ${asked.path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`);
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
        if (!received.startsWith('HTTP/1.1 200') || !asked.isRight(body))
          reject(new Error(`${asked.path} was answered: ${received.slice(0, 500)}`));
        else if (performance.now() < deadline) return send();
        else resolve();
        socket.removeAllListeners('close').destroy();
      });
    });
  await Promise.all(Array.from({ length: connections }, converse));
  return { requests: latenciesMs.length, seconds: (performance.now() - began) / 1000, latenciesMs };
};

/** The body of an answer, once it is whole. */
const bodyOf = (received: string): string | undefined => {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length = Number(/content-length: (\d+)/i.exec(received)?.[1]);
  const body = received.slice(end + 4);
  return body.length >= length ? body : undefined;
};
