import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  type Router,
} from 'express';
import { DomainError } from '../domain-error.ts';
import type { World } from '../world.ts';
import { jsonRemedy, type ProblemStatuses, sendProblem } from './problem.ts';
import { traceIdOf, traceRequests } from './trace.ts';

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const;

/** Path, then method, then handler. A path that is here answers every other method with 405. */
export type Routes = Readonly<Record<string, Partial<Record<(typeof methods)[number], RequestHandler>>>>;

export type HttpContext = Pick<World, 'log' | 'tracer'> & {
  readonly statuses?: ProblemStatuses;
  /** What a sidecar calls, where it shares the port. */
  readonly deliveries?: Router | undefined;
};

/** An Express app with what all our services do alike: traces, logs, JSON bodies, problem details. */
export const httpApp = (routes: Routes, { log, tracer, statuses = {}, deliveries }: HttpContext): Express => {
  const app = express();
  app.disable('x-powered-by').disable('etag').set('query parser', 'simple');
  if (deliveries) app.use(deliveries);
  app.use(
    traceRequests(tracer),
    logRequests(log),
    express.json({ limit: '1mb', type: ['application/json', 'application/*+json'] }),
  );
  for (const [path, handlers] of Object.entries(routes)) {
    const route = app.route(path);
    for (const method of methods) if (handlers[method]) route[method](handlers[method]);
    route.all(refuseMethod(Object.keys(handlers)));
  }
  app.use((req) => {
    throw new DomainError('unknown-route', `There is no ${req.path}.`, {
      remedy: `routes: ${Object.keys(routes).join(' ')}`,
    });
  });
  app.use((error: unknown, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(error);
    const status = sendProblem(res, error, statuses);
    const entry = { err: error, method: req.method, traceId: traceIdOf(res) };
    if (error instanceof DomainError && status >= 500) log.warn(entry, 'request not answered');
    else if (status >= 500) log.error(entry, 'request failed');
  });
  return app;
};

/** @throws DomainError when the request brought no JSON */
export const jsonBody = (req: Request): unknown => {
  if (req.body === undefined) throw new DomainError('unsupported-media-type', 'A JSON body is expected.', jsonRemedy);
  return req.body;
};

const refuseMethod = (allowed: string[]): RequestHandler => {
  const allow = [...allowed, ...(allowed.includes('get') ? ['head'] : [])]
    .map((method) => method.toUpperCase())
    .join(', ');
  return (req, res) => {
    res.set('Allow', allow);
    if (req.method === 'OPTIONS') return void res.sendStatus(204);
    throw new DomainError('method-not-allowed', `${req.path} does not know ${req.method}; it knows ${allow}.`);
  };
};

/** The route, never the URL: a query may name a person. */
const logRequests =
  (log: World['log']): RequestHandler =>
  (req, res, next) => {
    const started = performance.now();
    res.on('finish', () => {
      const ms = Math.round((performance.now() - started) * 10) / 10;
      log.debug(
        { method: req.method, route: req.route?.path, status: res.statusCode, ms, traceId: traceIdOf(res) },
        'request',
      );
    });
    next();
  };
