import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const holdTimeoutMs = 20_000;

/** A proxy between a service and its sidecar that can delay a write, as a pause of the service between read and write would. */
export type WriteProxy = {
  /** The port that the service uses as its sidecar's. */
  port: number;
  /** Resolves when the next write is held; all other requests pass. @throws Error when no write comes within 20 s */
  holdNext(): Promise<void>;
  /** Forwards the held write; afterwards the proxy forwards nothing. */
  release(): Promise<void>;
  close(): void;
};

export const startWriteProxy = async (sidecarPort: number): Promise<WriteProxy> => {
  let onHeld: (() => void) | undefined;
  let forwardHeld: (() => Promise<void>) | undefined;
  let isReleased = false;

  const forward = async (req: IncomingMessage, res: ServerResponse, body: Buffer) => {
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
    if (isReleased) return void res.destroy();
    if (!onHeld || !req.url?.endsWith('/transaction')) return forward(req, res, body);
    forwardHeld = () => forward(req, res, body);
    onHeld();
    onHeld = undefined;
  };

  // A service that is killed leaves its request unfinished.
  const server = createServer((req, res) => void receive(req, res).catch(() => res.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    port: (server.address() as AddressInfo).port,
    holdNext: () =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the service writes nothing')), holdTimeoutMs);
        onHeld = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    release: async () => {
      if (!forwardHeld) throw new Error('no write is held');
      isReleased = true;
      await forwardHeld();
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
