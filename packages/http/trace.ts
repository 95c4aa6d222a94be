import type { RequestHandler, Response } from 'express';
import type { Tracer } from '../runtime/tracing.ts';

/** Starts a span per request, in the trace of the caller or in a new one. */
export const traceRequests =
  (tracer: Tracer): RequestHandler =>
  (req, res, next) => {
    const span = tracer.start(req.method, req.get('traceparent'));
    res.locals.traceparent = span.traceparent;
    res.on('close', () => span.end());
    next();
  };

/** The traceparent of the request's span, for work that the request causes. */
export const traceparentOf = (res: Response): string => res.locals.traceparent;
/** The trace id of the request; undefined on a port without tracing. */
export const traceIdOf = (res: Response): string | undefined => res.locals.traceparent?.slice(3, 35);
