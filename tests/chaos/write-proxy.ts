import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const caughtWithinMs = 20_000;

/** Stands between a service and its sidecar, and can make a write late: as a process does that is paused in between. */
export type HeldWrite = {
  /** Where the service finds its sidecar. */
  port: number;
  /** Resolves when a write was caught; until then all else passes. @throws Error when none comes */
  catchNext(): Promise<void>;
  /** Lets the caught write through, to its end, and nothing else any more. */
  release(): Promise<void>;
  close(): void;
};

export const holdWrites = async (sidecarPort: number): Promise<HeldWrite> => {
  let catching: (() => void) | undefined;
  let caught: (() => Promise<void>) | undefined;
  let isOver = false;

  const pass = async (req: IncomingMessage, res: ServerResponse, body: Buffer) => {
    const { method, url: path, headers } = req;
    await new Promise<void>((resolve) => {
      const onward = request({ host: '127.0.0.1', port: sidecarPort, method, path, headers }, (answer) => {
        res.writeHead(answer.statusCode as number, answer.headers);
        answer.pipe(res).on('close', resolve);
      });
      onward.on('error', () => {
        res.destroy();
        resolve();
      });
      onward.end(body);
    });
  };

  const receive = async (req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (isOver) return void res.destroy();
    if (!catching || !req.url?.endsWith('/transaction')) return pass(req, res, body);
    caught = () => pass(req, res, body);
    catching();
    catching = undefined;
  };

  // A service that is killed leaves its request unfinished.
  const server = createServer((req, res) => void receive(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    catchNext: () =>
      new Promise((resolve, reject) => {
        const tooLate = setTimeout(() => reject(new Error('the service writes nothing')), caughtWithinMs);
        catching = () => {
          clearTimeout(tooLate);
          resolve();
        };
      }),
    release: async () => {
      if (!caught) throw new Error('no write was caught');
      isOver = true;
      await caught();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
