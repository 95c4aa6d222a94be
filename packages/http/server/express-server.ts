import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';
import { answerMalformedRequest } from './malformed-requests.ts';

/**
 * A server whose requests and responses are born as what Express makes of them. Express sets the prototype of each one
 * anew, unless it has it already; for V8 that is most of the work of a small request (docs/performance.md).
 */
export const createExpressServer = (app: Express): Server => {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse extends ServerResponse {}
  app.request = copyProperties(ExpressRequest.prototype, app.request);
  app.response = copyProperties(ExpressResponse.prototype, app.response);
  const classes = { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
  // A request without a Host reaches the app, which refuses it with problem details, where Node would do so without.
  const server = createServer({ ...classes, requireHostHeader: false }, (req, res) =>
    hasPath(req) ? app(req, res) : answerMalformedRequest(new Error('the target is no URL'), req.socket),
  );
  // 16 KiB are their limit: Node would drop those behind the 2,000th without a word, and a second Host may be among them.
  server.maxHeadersCount = 0;
  server.on('clientError', answerMalformedRequest);
  // An expectation that we do not know is ignored, as RFC 9110 permits; Node would answer a bare 417.
  server.on('checkExpectation', app);
  return server;
};

/** Of any other target Express cannot tell the path, and answers by itself before anything of ours is asked. */
const hasPath = ({ url = '' }: IncomingMessage): boolean => url.startsWith('/') || url === '*' || URL.canParse(url);

/** Express keeps the app's own property on one object, and the methods that all apps share on the next one. */
const copyProperties = <Equipment extends object>(prototype: object, equipment: Equipment): Equipment =>
  Object.defineProperties(prototype, {
    ...Object.getOwnPropertyDescriptors(Object.getPrototypeOf(equipment)),
    ...Object.getOwnPropertyDescriptors(equipment),
  }) as Equipment;
