import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';

/**
 * Lets only the sidecar deliver. With a token (APP_API_TOKEN, which the sidecar sends along) any caller that has it; without
 * one, callers on this machine that name a loopback host and send JSON, which no web page can make a browser do.
 * The body of a call that is refused is not read; `onRefusal` is called once for each.
 */
export const authenticateSidecar = (
  token: string | undefined,
  onRefusal: (req: Request) => void = () => {},
): RequestHandler => {
  const isSidecar = token === undefined ? isLocal : (req: Request) => isSame(req.get('dapr-api-token') ?? '', token);
  return (req, res, next) => {
    if (isSidecar(req)) next();
    else {
      onRefusal(req);
      res.set('Connection', 'close').sendStatus(403);
    }
  };
};

const isLocal = (req: Request) =>
  /^(::ffff:)?127\.|^::1$/.test(req.socket.remoteAddress ?? '') &&
  /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(req.get('host') ?? '') &&
  (req.method === 'GET' || /^application\/(json|[\w.+-]+\+json)\b/.test(req.get('content-type') ?? ''));

const isSame = (given: string, token: string) => {
  const [one, other] = [Buffer.from(given), Buffer.from(token)];
  return one.length === other.length && timingSafeEqual(one, other);
};
