import type { RequestHandler, Response } from 'express';
import type { Tracer } from '../runtime/tracing.ts';

/**
 * Starts a span per request, in the trace of the caller or in a new one. Where no span is reported, most requests never need a
 * trace, so it is created when it is asked for.
 */
export const traceRequests =
  (tracer: Tracer): RequestHandler =>
  (req, res, next) => {
    res.locals.tracer = tracer;
    if (tracer.reports) {
      const span = tracer.start(req.method, req.get('traceparent'));
      res.locals.traceparent = span.traceparent;
      res.on('close', () => span.end());
    }
    next();
  };

/** The traceparent of the request's span, for work that the request causes. */
export const traceparentOf = (res: Response): string => {
  const { locals, req } = res;
  locals.traceparent ??= (locals.tracer as Tracer).start(req.method, req.get('traceparent')).traceparent;
  return locals.traceparent;
};

/** The trace id of the request; undefined on a port without tracing. */
export const traceIdOf = (res: Response): string | undefined =>
  res.locals.tracer === undefined ? undefined : traceparentOf(res).slice(3, 35);
