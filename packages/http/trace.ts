import type { RequestHandler, Response } from 'express';
import type { Tracer } from '../runtime/tracing.ts';

/** Every request is a span of the caller's trace, or of a new one. */
export const traceRequests =
  (tracer: Tracer): RequestHandler =>
  (req, res, next) => {
    const span = tracer.start(req.method, req.get('traceparent'));
    res.locals.traceparent = span.traceparent;
    res.on('close', () => span.end());
    next();
  };

export const traceparentOf = (res: Response): string => res.locals.traceparent;
/** Undefined on a port that makes no spans. */
export const traceIdOf = (res: Response): string | undefined => res.locals.traceparent?.slice(3, 35);
