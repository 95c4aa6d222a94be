import type { Request, RequestHandler } from 'express';
import type { GrpcCall } from '../grpc/server.ts';
import { isSameSecret } from '../runtime/is-same-secret.ts';

/** Who sent a call that was refused. */
type RefusedCaller = { readonly method: string; readonly from: string | undefined };

/** Recognises the calls of the sidecar. */
export type SidecarAuthentication = {
  /** Answers every other request with 403, without reading its body. */
  readonly http: RequestHandler;
  isSidecar(call: GrpcCall): boolean;
};

/**
 * Accepts calls of the sidecar only. With a token (APP_API_TOKEN) it accepts callers that send the token. Without a token it accepts
 * callers on this machine that name a loopback host, and over HTTP send JSON; a web page cannot make a browser send such a call, and
 * no browser sends gRPC. It calls `onRefusal` once for each other call.
 */
export const authenticateSidecar = (
  token: string | undefined,
  onRefusal: (caller: RefusedCaller) => void = () => {},
): SidecarAuthentication => {
  const hasToken = (given: unknown) => isSameSecret(String(given ?? ''), token ?? '');
  const isSidecarRequest = token === undefined ? isLocalRequest : (req: Request) => hasToken(req.get('dapr-api-token'));
  const isSidecarCall =
    token === undefined ? isLocalCall : ({ headers }: GrpcCall) => hasToken(headers['dapr-api-token']);
  return {
    http: (req, res, next) => {
      if (isSidecarRequest(req)) return next();
      onRefusal({ method: req.method, from: req.socket.remoteAddress });
      res.set('Connection', 'close').sendStatus(403);
    },
    isSidecar: (call) => {
      if (isSidecarCall(call)) return true;
      onRefusal({ method: call.method, from: call.remoteAddress });
      return false;
    },
  };
};

const isLocalRequest = (req: Request) =>
  isLoopback(req.socket.remoteAddress, req.get('host')) &&
  (req.method === 'GET' || /^application\/(json|[\w.+-]+\+json)\b/.test(req.get('content-type') ?? ''));

const isLocalCall = ({ remoteAddress, headers }: GrpcCall) =>
  isLoopback(remoteAddress, headers[':authority'] ?? headers.host);

const isLoopback = (remoteAddress = '', host = '') =>
  /^(::ffff:)?127\.|^::1$/.test(remoteAddress) && /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/.test(host);
