import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler } from 'express';

/**
 * Accepts calls of the sidecar only. With a token (APP_API_TOKEN) it accepts callers that send the token. Without a token it accepts
 * callers on this machine that name a loopback host and send JSON; a web page cannot make a browser send such a call. It answers other
 * calls with 403 without reading the body, and calls `onRefusal` once for each.
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
