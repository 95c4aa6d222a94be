import type { Express, Response } from 'express';

const conditionalHeaders = ['if-none-match', 'if-modified-since'];
const statusesWithoutBody = [204, 205, 304];

/**
 * Makes `res.json` of the app faster for what almost every response is: JSON with a body, to a request without conditions. The
 * response is the one of Express, which gets all others and spends most of its time on looking for their cases.
 */
export const speedUpJsonResponses = (app: Express): void => {
  const jsonOfExpress = app.response.json;
  app.response.json = function json(this: Response, body) {
    const text = isOrdinary(this) ? JSON.stringify(body) : undefined;
    if (text === undefined) return jsonOfExpress.call(this, body);
    this.setHeader('Content-Type', 'application/json; charset=utf-8');
    this.setHeader('Content-Length', Buffer.byteLength(text));
    return this.req.method === 'HEAD' ? this.end() : this.end(text, 'utf8');
  };
};

const isOrdinary = (res: Response): boolean =>
  !statusesWithoutBody.includes(res.statusCode) &&
  !res.hasHeader('Content-Type') &&
  !res.hasHeader('Transfer-Encoding') &&
  conditionalHeaders.every((name) => res.req.headers[name] === undefined);
