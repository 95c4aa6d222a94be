import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { answerMalformedRequest } from './malformed-requests.ts';

/**
 * A server that creates requests and responses with the prototypes of Express. Otherwise Express changes the prototype of each one,
 * which is most of V8's work for a small request (docs/performance.md).
 */
export const createExpressServer = (app: Express): Server => {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse<Request extends IncomingMessage> extends ServerResponse<Request> {
    /** Express would create an object without a prototype, which V8 does not optimise. */
    locals = {};
  }
  app.request = copyProperties(ExpressRequest.prototype, app.request);
  app.response = copyProperties(ExpressResponse.prototype, app.response);
  const classes = { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
  // requireHostHeader is false, so that the app refuses a request without Host with problem details; Node's refusal has none.
  const server = createServer({ ...classes, requireHostHeader: false }, (req, res) =>
    hasPath(req) ? app(req, res) : answerMalformedRequest(new Error('the request target is not a URL'), req.socket),
  );
  // No limit on the number (16 KiB of headers remain the limit): Node silently drops headers after the 2,000th, even a second Host.
  server.maxHeadersCount = 0;
  server.on('clientError', answerMalformedRequest);
  // Ignore an unknown Expect header, as RFC 9110 permits; Node would answer 417 without a body.
  server.on('checkExpectation', app);
  return server;
};

/** Express cannot parse the path of any other target, and would answer before our middleware runs. */
const hasPath = ({ url = '' }: IncomingMessage): boolean => url.startsWith('/') || url === '*' || URL.canParse(url);

/** Copies the app's own properties, and the methods on their prototype that all apps share. */
const copyProperties = <Properties extends object>(prototype: object, source: Properties): Properties =>
  Object.defineProperties(prototype, {
    ...Object.getOwnPropertyDescriptors(Object.getPrototypeOf(source)),
    ...Object.getOwnPropertyDescriptors(source),
  }) as Properties;
